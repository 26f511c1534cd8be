import { setTimeout } from 'node:timers/promises';
import type { ReceiveLimit } from '@jetstream/protocol';
import type { Session } from './session.ts';

/** RP-6. */
const RECEIVE_LIMIT_INTERVAL_MS = 100;

/**
 * Tells the peer how fast it may send on this connection.
 * @param bytesPerSecond of UDP payload, cut to whole ones of 1,000 to 10^12; Infinity for no limit
 */
export function sendReceiveLimit(session: Session, bytesPerSecond: number): void {
  const rate = bytesPerSecond === Number.POSITIVE_INFINITY ? 0 : Math.floor(bytesPerSecond);
  session.sendControl({ body: { $case: 'receiveLimit', value: { rate } } });
}

/**
 * RP-5: keeps what this side sends below what the peer is ready to receive. Messages are taken one after the other: while this one
 * takes its time the next one waits (RP-6).
 */
export async function heedReceiveLimit({ connection }: Session, { rate }: ReceiveLimit): Promise<void> {
  connection.setPeerLimit(rate === 0 ? Number.POSITIVE_INFINITY : rate);
  await setTimeout(RECEIVE_LIMIT_INTERVAL_MS, undefined, { ref: false });
}
