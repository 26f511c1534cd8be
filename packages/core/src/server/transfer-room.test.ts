import type { OpenTransfer } from '@jetstream/protocol';
import { expect, it } from 'vitest';
import type { Session } from '../session/session.ts';
import type { ClientLogin, ServerConnectionContext } from './server-connection.ts';
import { ServerTransfer } from './server-transfer.ts';
import { hasRoomFor } from './transfer-room.ts';

const connection = (runningTransfers: number, sharedToken?: string) => ({ runningTransfers, sharedToken });

it('has room for 64 transfers in all, its own included, and for half as many of one shared link', () => {
  const some = [connection(20), connection(20, 'link'), connection(11, 'link')];
  expect(hasRoomFor(some, 12, 'link')).toBe(true);
  expect(hasRoomFor(some, 13, undefined)).toBe(false);
  const full = [...some, connection(1, 'link')];
  expect(hasRoomFor(full, 0, 'link')).toBe(false);
  expect(hasRoomFor(full, 0, 'other')).toBe(true);
  expect(hasRoomFor(full, 0, undefined)).toBe(true);
});

it('[LG-1] is not taken up by what waits for a login, with which strangers could keep everybody out', () => {
  const session = { addTransfer: () => ({ transfer: 1 }) } as unknown as Session;
  const nobody = new Promise<ClientLogin>(() => undefined);
  const context = {} as ServerConnectionContext;
  const life = { mayBegin: async () => true, onBegun: () => undefined, onOver: () => undefined };
  const transfer = new ServerTransfer(1, session, nobody, context, () => false, life);
  void transfer.onMessage({ body: { $case: 'open', value: {} as OpenTransfer } });
  expect(transfer.isRunning).toBe(false);
});
