import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '@jetstream/core/api-client';
import { JetStreamError } from '@jetstream/protocol';
import { type FarTransfer, readFarTransfer } from './far-transfer.ts';
import type { ViaSession } from './via-session.ts';

const POLL_MS = 1_000;
const EVENTS = ['transferProgress', 'transferUpdated', 'transferDeleted'];

/**
 * Follows a transfer by events, or where there are none by asking each second.
 * @param isEnough called with each state of it; true ends it
 * @returns the state with which it ended
 * @throws JetStreamError as `ViaSession.use`; `not-found` when it was deleted
 */
export function follow(
  session: ViaSession,
  transferId: string,
  isEnough: (transfer: FarTransfer) => boolean,
  signal: AbortSignal,
): Promise<FarTransfer> {
  return session.use(async (client, heard) => {
    const events = await eventsOf(client, signal);
    try {
      const ask = async () =>
        readFarTransfer(await client.call('send.getTransfer', { transferId }, { signal }));
      let transfer = await ask();
      heard();
      if (isEnough(transfer)) return transfer;
      for await (const event of events ?? []) {
        if (event.transferId !== transferId) continue;
        if (event._event === 'transferDeleted') {
          throw new JetStreamError('not-found', 'the transfer was deleted', { subject: transferId });
        }
        transfer = readFarTransfer(event);
        if (isEnough(transfer)) return transfer;
      }
      for (;;) {
        await delay(POLL_MS, undefined, { signal });
        transfer = await ask();
        if (isEnough(transfer)) return transfer;
      }
    } finally {
      events?.close();
    }
  });
}

/** A proxy in between may know nothing of WebSockets, and a server gives only so many. */
async function eventsOf(client: ApiClient, signal: AbortSignal) {
  try {
    return await client.subscribe({ events: EVENTS, signal });
  } catch (error) {
    const { code } = error as JetStreamError;
    if (code === 'protocol-violation' || code === 'limit-exceeded') return undefined;
    throw error;
  }
}
