import { encodeControlMessage } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { LaneConnection } from '../lane/lane-connection.ts';
import { heedReceiveLimit, sendReceiveLimit } from './receive-limit.ts';
import { Session } from './session.ts';

function sessionWithLane() {
  const calls: unknown[][] = [];
  const connection = new LaneConnection({ address: '192.0.2.1', port: 1 }, (call, ...parameters) =>
    calls.push([call, ...parameters]),
  );
  const session = new Session(connection, { onControl: () => undefined, onClosed: () => undefined });
  return { session, connection, calls };
}

describe('a receive limit', () => {
  it('[RP-5] bounds what is sent together with the share of this side, the lower of both', async () => {
    const { session, connection, calls } = sessionWithLane();
    connection.setSendShare(2e6);
    await heedReceiveLimit(session, { rate: 1_000 });
    connection.setSendShare(500);
    connection.setSendShare(3e6);
    await heedReceiveLimit(session, { rate: 0 });
    connection.setSendShare(Number.POSITIVE_INFINITY);
    const caps = calls.map(([call, cap]) => (call === 'setRateCap' ? cap : call));
    expect(caps).toEqual([2e6, 1_000, 500, 1_000, 3e6, Number.POSITIVE_INFINITY]);
  });

  it('is told in whole bytes per second, none as 0', () => {
    const { session, calls } = sessionWithLane();
    sendReceiveLimit(session, 1_234.5);
    sendReceiveLimit(session, Number.POSITIVE_INFINITY);
    const told = [1_234, 0].map((rate) =>
      Buffer.from(encodeControlMessage({ body: { $case: 'receiveLimit', value: { rate } } })),
    );
    expect(calls).toHaveLength(told.length);
    for (const [at, [, , bytes]] of calls.entries())
      expect(Buffer.from(bytes as Uint8Array).includes(told[at]!)).toBe(true);
  });
});
