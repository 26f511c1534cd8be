import {
  writeAckFrequency,
  writeBlockCredit,
  writePadding,
  writePing,
  writeStreamCredit,
} from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { CountingPool } from '../testing/counting-pool.ts';
import { ackedLargest, data, framesOf, ScriptedPeer, stream } from '../testing/scripted-peer.ts';

describe('Acknowledgements', () => {
  it('[FR-4] are not asked for by ACK, PADDING and CLOSE', () => {
    const peer = new ScriptedPeer('server');
    const last = peer.take().length - 1;
    for (let i = 0; i < 10; i++) peer.sendAck([0, last]);
    for (let i = 0; i < 10; i++) peer.send((buffer, at) => writePadding(buffer, at, at + 50));
    expect(framesOf(peer.advance(100_000), 'ack')).toEqual([]);
  });

  it('[FR-4] are asked for by everything else', () => {
    const writers = [
      (buffer: Uint8Array, at: number) => writePing(buffer, at),
      stream(0, 0),
      data(1, 0),
      (buffer: Uint8Array, at: number) => writeStreamCredit(buffer, at, 0, 99_999),
      (buffer: Uint8Array, at: number) => writeBlockCredit(buffer, at, 1, 5, 0),
      (buffer: Uint8Array, at: number) => writeAckFrequency(buffer, at, 1, 2, 5000),
    ];
    for (const writer of writers) {
      const peer = new ScriptedPeer('server');
      peer.send(writer);
      expect(ackedLargest(peer, 5000)).toBe(0);
    }
  });

  it('[RC-2] go after two packets, after 5 ms, or at once when a gap appears', () => {
    const peer = new ScriptedPeer('server');
    peer.sendAck([0, peer.take().length - 1]);
    expect(peer.send(writePing)).toEqual([]);
    expect(framesOf(peer.send(writePing), 'ack')[0]!.ranges).toEqual([[0, 2]]);
    const sentUs = peer.nowUs;
    peer.send(writePing);
    expect(peer.advance(50_000)[0]!.atUs).toBe(sentUs + 5000);
    peer.nextNumber += 1;
    expect(framesOf(peer.send(writePing), 'ack')[0]!.ranges).toEqual([
      [5, 5],
      [0, 3],
    ]);
  });

  it('[RC-2] follow the ACK_FREQUENCY of the peer', () => {
    const peer = new ScriptedPeer('server');
    peer.sendAck([0, peer.take().length - 1]);
    peer.send((buffer, at) => writeAckFrequency(buffer, at, 1, 10, 20_000));
    const counts = Array.from({ length: 9 }, () => framesOf(peer.send(writePing), 'ack').length);
    expect(counts).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('are left out for a packet that found no memory, until there is some', () => {
    const pool = new CountingPool(0);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.connection.openBulkReceiver(1, 8);
    peer.send(data(1, 0));
    expect(ackedLargest(peer)).toBe(-1);
    pool.maxBlocks = 1;
    peer.send(data(1, 0));
    expect(ackedLargest(peer)).toBe(1);
  });

  it('are asked for by a side that only receives, now and then, so that it can forget', () => {
    const peer = new ScriptedPeer('server');
    peer.sendAck([0, peer.take().length - 1]);
    let pings = 0;
    for (let i = 0; i < 200; i++) {
      peer.nextNumber += 1;
      pings += framesOf(peer.send(writePing), 'ping').length;
      peer.advance(10_000);
    }
    expect(pings).toBeGreaterThan(0);
    expect(pings).toBeLessThan(100);
  });
});
