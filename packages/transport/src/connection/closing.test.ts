import { BLOCK_BYTES, writeClose, writePing } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { CountingPool } from '../testing/counting-pool.ts';
import { data, framesOf, ScriptedPeer, SOME_BYTES } from '../testing/scripted-peer.ts';

describe('CLOSE', () => {
  const close = (buffer: Uint8Array, at: number) => writeClose(buffer, at, at + 100, 'cancelled', 'enough');

  it('[CL-1] of the peer is answered by silence', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.send(data(1, 0));
    peer.connection.writeStream(0, SOME_BYTES);
    peer.connection.receive(peer.nowUs, peer.seal([close]), peer.address);
    expect(peer.events().at(-1)).toEqual({
      type: 'closed',
      code: 'cancelled',
      reason: 'enough',
      byPeer: true,
    });
    for (let i = 0; i < 10; i++) expect(peer.send(writePing)).toEqual([]);
    expect(peer.advance(10_000_000)).toEqual([]);
    expect([pool.outstanding, peer.connection.isDrained]).toEqual([0, true]);
    expect(peer.connection.nextWakeUs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('[CL-1] of ours is repeated to late packets, ever more rarely, for three probe timeouts', () => {
    const peer = new ScriptedPeer('server');
    peer.sendAck([0, peer.take().length - 1]);
    peer.connection.close(peer.nowUs, 'server-closing', 'bye');
    expect(framesOf(peer.take(), 'close')).toEqual([
      { type: 'close', code: 'server-closing', reason: 'bye' },
    ]);
    expect(peer.events().at(-1)).toMatchObject({ type: 'closed', byPeer: false });
    const repeated = Array.from({ length: 40 }, () => peer.send(writePing).length);
    expect(repeated.reduce((sum, count) => sum + count)).toBe(6);
    expect(peer.connection.isDrained).toBe(false);
    peer.advance(10_000_000);
    expect(peer.connection.isDrained).toBe(true);
    expect(peer.send(writePing)).toEqual([]);
  });

  it('goes behind what streams still have to say', () => {
    const peer = new ScriptedPeer('server');
    peer.take();
    peer.connection.writeStream(0, SOME_BYTES);
    peer.connection.close(peer.nowUs, 'login-refused', 'no');
    const [packet] = peer.take();
    expect(packet!.frames.map(({ type }) => type)).toEqual(['stream', 'close']);
  });

  it('happens once', () => {
    const peer = new ScriptedPeer('server');
    peer.connection.close(0, 'cancelled', 'first');
    peer.connection.close(0, 'internal', 'second');
    expect(peer.events()).toEqual([{ type: 'closed', code: 'cancelled', reason: 'first', byPeer: false }]);
    expect(framesOf(peer.take(), 'close')).toHaveLength(1);
  });

  it('lets the application give blocks back afterwards', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.connection.openBulkReceiver(1, 8);
    peer.connection.expectBlock(1, 0, 100);
    peer.send(data(1, 0), data(1, BLOCK_BYTES));
    expect(pool.outstanding).toBe(2);
    peer.connection.close(peer.nowUs, 'cancelled', '');
    expect(pool.outstanding).toBe(1);
    peer.connection.releaseBlock(1, 0, false);
    expect(pool.outstanding).toBe(0);
  });
});

describe('Silence', () => {
  it('[CL-2] for the idle timeout drops the connection without a word', () => {
    const peer = new ScriptedPeer('server', { idleTimeoutMs: 3000 });
    peer.send(writePing);
    peer.advance(2_900_000);
    expect(peer.closeCode()).toBeUndefined();
    const packets = peer.advance(200_000);
    expect(framesOf(packets, 'close')).toEqual([]);
    expect(peer.closeCode()).toBe('connection-lost');
    expect(peer.connection.isDrained).toBe(true);
  });

  it('[CL-2] is not broken by packets that do not open', () => {
    const peer = new ScriptedPeer('server', { idleTimeoutMs: 3000 });
    for (let i = 0; i < 10; i++) {
      peer.advance(400_000);
      const forged = peer.seal([writePing]);
      forged[forged.length - 12]! ^= 1;
      peer.connection.receive(peer.nowUs, forged, peer.address);
    }
    expect(peer.closeCode()).toBe('connection-lost');
    expect(peer.connection.stats().forgedPackets).toBeGreaterThan(0);
  });

  it.each([
    ['with transfers open', (client: ScriptedPeer) => client.connection.writeStream(1, SOME_BYTES)],
    ['that is logged in', loggedInWithNothingOpen],
  ])('is broken by PINGs of a client %s', (_, begin) => {
    const peer = new ScriptedPeer('client', { idleTimeoutMs: 3000 });
    begin(peer);
    let largest = Math.max(...peer.take().map(({ number }) => number));
    peer.sendAck([0, largest]);
    for (let round = 0; round < 20; round++) {
      const packets = peer.advance(1_050_000);
      expect(framesOf(packets, 'ping').length).toBeGreaterThan(0);
      largest = Math.max(...packets.map(({ number }) => number));
      peer.sendAck([0, largest]);
    }
    expect(peer.closeCode()).toBeUndefined();
  });
});

describe('A server', () => {
  it('proves by a PING in its first packet that the Finish arrived, and repeats it', () => {
    const peer = new ScriptedPeer('server');
    expect(framesOf(peer.take(), 'ping')).toHaveLength(1);
    expect(framesOf(peer.advance(2_000_000), 'ping').length).toBeGreaterThan(0);
  });
});

function loggedInWithNothingOpen({ connection }: ScriptedPeer): void {
  connection.raiseLimits();
  connection.writeStream(0, SOME_BYTES);
}
