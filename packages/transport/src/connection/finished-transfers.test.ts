import { BLOCK_BYTES, writeBlockCredit, writeStreamCredit } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { CountingPool } from '../testing/counting-pool.ts';
import { ackedLargest, data, framesOf, ScriptedPeer, SOME_BYTES, stream } from '../testing/scripted-peer.ts';

describe('A finished transfer', () => {
  it('[ST-2] has its late frames acknowledged and ignored', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.send(stream(1, 0), data(1, 0));
    peer.connection.closeTransfer(1);
    expect(pool.outstanding).toBe(0);
    peer.events();
    peer.send(
      stream(1, 100),
      data(1, 100),
      data(1, 77 * BLOCK_BYTES),
      (buffer, at) => writeStreamCredit(buffer, at, 1, 2 ** 40),
      (buffer, at) => writeBlockCredit(buffer, at, 1, 500, 0),
    );
    expect(ackedLargest(peer)).toBe(1);
    expect(peer.events()).toEqual([]);
    expect(pool.outstanding).toBe(0);
  });

  it('[ST-2] leaves the place of one of at most 64', () => {
    const peer = new ScriptedPeer('server');
    for (let id = 1; id <= 65; id++) peer.send(stream(id, 0));
    expect(ackedLargest(peer)).toBe(63);
    peer.connection.closeTransfer(3);
    peer.send(stream(65, 0));
    expect(ackedLargest(peer)).toBe(65);
  });

  it('has what was written to its stream delivered all the same', () => {
    const peer = new ScriptedPeer('server');
    peer.take();
    peer.send(stream(1, 0));
    peer.connection.writeStream(1, SOME_BYTES);
    peer.connection.closeTransfer(1);
    const [first] = framesOf(peer.advance(0), 'stream');
    expect(first).toMatchObject({ stream: 1, offset: 0, bytes: SOME_BYTES });
    expect(framesOf(peer.advance(3_000_000), 'stream').length).toBeGreaterThan(0);
  });

  it('gives back the memory of blocks whose event was not taken yet', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.connection.openBulkReceiver(1, 8);
    peer.connection.expectBlock(1, 0, 100);
    peer.send(data(1, 0));
    peer.connection.closeTransfer(1);
    expect(peer.events()).toEqual([]);
    expect(pool.outstanding).toBe(0);
  });

  it('takes no memory from the application before it gives it back', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.connection.openBulkReceiver(1, 8);
    peer.connection.expectBlock(1, 0, 100);
    peer.send(data(1, 0));
    expect(peer.events().map(({ type }) => type)).toEqual(['block-received']);
    peer.connection.closeTransfer(1);
    expect(pool.outstanding).toBe(1);
    peer.connection.releaseBlock(1, 0, false);
    expect(pool.outstanding).toBe(0);
  });

  it('ignores calls of an application that does not know yet', () => {
    const peer = new ScriptedPeer('server');
    const { connection } = peer;
    connection.closeTransfer(1);
    expect(connection.writeStream(1, SOME_BYTES)).toBe(true);
    connection.consumeStream(1, 5);
    connection.openBulkSender(1);
    expect(connection.offerBlock(1, 0, SOME_BYTES)).toBe(false);
    connection.openBulkReceiver(1, 4);
    connection.expectBlock(1, 0, 5);
    connection.releaseBlock(1, 0, false);
    connection.closeTransfer(1);
    expect(framesOf(peer.advance(1_000_000), 'stream')).toEqual([]);
    expect(peer.events()).toEqual([]);
  });
});

describe('A block that was bad', () => {
  it('[BD-4] is taken once more, at its second address', () => {
    const peer = new ScriptedPeer('server');
    const { connection } = peer;
    connection.openBulkReceiver(1, 8);
    for (const again of [true, false]) {
      connection.expectBlock(1, 0, 100);
      peer.send(data(1, again ? 0 : 2 ** 52, new Uint8Array(100).fill(again ? 1 : 2)));
      const [event] = peer.events();
      expect(event).toMatchObject({ type: 'block-received', block: 0 });
      expect(event!.type === 'block-received' && event!.bytes[0]).toBe(again ? 1 : 2);
      connection.releaseBlock(1, 0, again);
    }
  });

  it('[BD-2] is dropped when it comes again after it was good', () => {
    const peer = new ScriptedPeer('server');
    peer.connection.openBulkReceiver(1, 8);
    peer.connection.expectBlock(1, 0, 100);
    peer.send(data(1, 0));
    peer.connection.releaseBlock(1, 0, false);
    peer.events();
    peer.send(data(1, 0));
    expect(peer.events()).toEqual([]);
    expect(ackedLargest(peer)).toBe(1);
  });
});

describe('A BLOCK_CREDIT', () => {
  it('holds when it comes before the bulk sender is opened', () => {
    const peer = new ScriptedPeer('server');
    peer.send((buffer, at) => writeBlockCredit(buffer, at, 1, 4, 0));
    peer.connection.openBulkSender(1);
    for (let block = 0; block < 6; block++) peer.connection.offerBlock(1, block, new Uint8Array(1));
    const blocks = framesOf(peer.advance(1000), 'data').map(({ address }) => address / BLOCK_BYTES);
    expect(blocks).toEqual([0, 1, 2, 3]);
  });
});
