import { BLOCK_BYTES } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountingPool } from '../../testing/counting-pool.ts';
import { BlockBudget, ConnectionBudget } from './block-budget.ts';
import { type BulkReceipt, BulkReceiver } from './bulk-receiver.ts';
import { REPEAT_OFFSET_BLOCKS } from './repeat-address.ts';

function budget(): ConnectionBudget {
  return new ConnectionBudget(new BlockBudget(Number.POSITIVE_INFINITY));
}

function receive(receiver: BulkReceiver, block: number, offset: number, bytes: Uint8Array): BulkReceipt {
  return receiver.receive(
    { nowUs: 0, smoothedRttUs: 10_000 },
    block * BLOCK_BYTES + offset,
    bytes,
    0,
    bytes.length,
  );
}

function receiveWhole(receiver: BulkReceiver, block: number, byteLength = 100): BulkReceipt {
  receiver.expect(block, byteLength);
  return receive(receiver, block, 0, new Uint8Array(byteLength).fill(block));
}

describe('BulkReceiver', () => {
  it('puts a block together from pieces in any order, overlapping or not', () => {
    const piece = fc.record({ offset: fc.nat(4095), length: fc.integer({ min: 1, max: 900 }) });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.boolean(), (pieces, expectFirst) => {
        const content = Uint8Array.from({ length: 4096 }, (_, i) => (i * 31) & 255);
        const receiver = new BulkReceiver(new CountingPool(4), 4, budget());
        if (expectFirst) receiver.expect(5, 4096);
        let complete = false;
        const whole = [...pieces, { offset: 0, length: 2000 }, { offset: 2000, length: 2096 }];
        for (const { offset, length } of whole) {
          const end = Math.min(4096, offset + length);
          const receipt = receive(receiver, 5, offset, content.subarray(offset, end));
          complete ||= receipt === 'block-complete';
        }
        if (!expectFirst) complete = receiver.expect(5, 4096);
        expect(complete).toBe(true);
        expect(Buffer.compare(receiver.bytesOf(5), content)).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('holds data that comes before the manifest', () => {
    const receiver = new BulkReceiver(new CountingPool(4), 2, budget());
    expect(receive(receiver, 0, 0, new Uint8Array(10))).toBe('kept');
    expect(receiver.expect(0, 10)).toBe(true);
    expect(receiver.bytesOf(0)).toHaveLength(10);
  });

  it('[FR-6] refuses a block begun beyond the credit', () => {
    const receiver = new BulkReceiver(new CountingPool(9), 2, budget());
    receive(receiver, 0, 0, new Uint8Array(10));
    receive(receiver, 1, 0, new Uint8Array(10));
    receive(receiver, 0, 10, new Uint8Array(10));
    expect(() => receive(receiver, 2, 0, new Uint8Array(10))).toThrow(/beyond the block credit/);
  });

  it('[BD-2] drops data for a block that is complete, before and after it was dealt with', () => {
    const pool = new CountingPool(4);
    const receiver = new BulkReceiver(pool, 4, budget());
    expect(receiveWhole(receiver, 0)).toBe('block-complete');
    expect(receive(receiver, 0, 0, new Uint8Array(100).fill(9))).toBe('kept');
    expect(receiver.bytesOf(0)).toEqual(new Uint8Array(100));
    receiver.release(0, false);
    expect(receive(receiver, 0, 0, new Uint8Array(100))).toBe('kept');
    expect([pool.outstanding, receiver.credit.begunBlocks]).toEqual([0, 1]);
  });

  it('[BD-4] takes a block once more at its second address, and nothing of its first sending', () => {
    const receiver = new BulkReceiver(new CountingPool(2), 2, budget());
    receiveWhole(receiver, 0);
    receiver.release(0, true);
    const again = REPEAT_OFFSET_BLOCKS;
    expect(receive(receiver, again, 0, new Uint8Array(100).fill(2))).toBe('kept'); // not expected anew yet
    expect(receive(receiver, 0, 0, new Uint8Array(100).fill(1))).toBe('kept'); // a late copy
    expect(receiver.expect(0, 100)).toBe(true);
    expect(receiver.bytesOf(0)[99]).toBe(2);
    expect(receiver.credit.begunBlocks).toBe(2);
    expect(() => receiver.release(0, true)).toThrow('refused before');
    receiver.release(0, false);
    expect(receive(receiver, again, 0, new Uint8Array(100))).toBe('kept');
  });

  it('[BD-4] takes a block once more that was released as good, and only once', () => {
    const receiver = new BulkReceiver(new CountingPool(2), 2, budget());
    receiveWhole(receiver, 0);
    receiver.release(0, false);
    receiver.request(0);
    expect(() => receiver.request(0)).toThrow('before');
    expect(receive(receiver, 0, 0, new Uint8Array(100).fill(1))).toBe('kept'); // a late copy
    expect(receiver.expect(0, 50)).toBe(false);
    expect(receive(receiver, REPEAT_OFFSET_BLOCKS, 0, new Uint8Array(50).fill(2))).toBe('block-complete');
    expect(receiver.bytesOf(0)).toEqual(new Uint8Array(50).fill(2));
    expect(() => receiver.release(0, true)).toThrow('refused before');
  });

  it('[PL-3] takes a block at its own address when it is asked for and never came', () => {
    const receiver = new BulkReceiver(new CountingPool(2), 2, budget());
    receiver.request(0);
    expect(receiveWhole(receiver, 0)).toBe('block-complete');
  });

  it('[BD-4] refuses a second sending that nobody asked for', () => {
    const receiver = new BulkReceiver(new CountingPool(2), 2, budget());
    expect(() => receive(receiver, REPEAT_OFFSET_BLOCKS + 3, 0, new Uint8Array(1))).toThrow(
      'nobody asked for block 3',
    );
  });

  it('refuses data beyond the length that the manifest gave', () => {
    const receiver = new BulkReceiver(new CountingPool(4), 4, budget());
    receiver.expect(0, 50);
    expect(() => receive(receiver, 0, 0, new Uint8Array(51))).toThrow(/longer than the manifest/);
    receive(receiver, 1, 0, new Uint8Array(51));
    expect(() => receiver.expect(1, 50)).toThrow(/longer than the manifest/);
  });

  it('says so when the pool is empty, and takes the data when it is not any more', () => {
    const pool = new CountingPool(1);
    const receiver = new BulkReceiver(pool, 4, budget());
    receiveWhole(receiver, 0);
    expect(receive(receiver, 1, 0, new Uint8Array(10))).toBe('no-memory');
    receiver.release(0, false);
    expect(receive(receiver, 1, 0, new Uint8Array(10))).toBe('kept');
  });

  it('gives all memory back but for blocks in the hands of the application', () => {
    const pool = new CountingPool(4);
    const receiver = new BulkReceiver(pool, 4, budget());
    receiveWhole(receiver, 0);
    receive(receiver, 1, 0, new Uint8Array(10));
    receiver.abandon();
    expect([pool.outstanding, receiver.handedOverCount]).toEqual([1, 1]);
    receiver.release(0, false);
    expect(pool.outstanding).toBe(0);
  });

  it('refuses impossible lengths and releases of what was not handed over', () => {
    const receiver = new BulkReceiver(new CountingPool(4), 4, budget());
    for (const length of [0, -1, 1.5, BLOCK_BYTES + 1, Number.NaN]) {
      expect(() => receiver.expect(0, length)).toThrow(/cannot have/);
    }
    receive(receiver, 0, 0, new Uint8Array(10));
    for (const block of [0, 1]) expect(() => receiver.release(block, false)).toThrow(/not handed over/);
  });

  it('refuses a sender that leaves thousands of gaps', () => {
    const receiver = new BulkReceiver(new CountingPool(4), 4, budget());
    const one = new Uint8Array(1);
    expect(() => {
      for (let i = 0; i < 10_000; i++) receive(receiver, 0, 2 * i, one);
    }).toThrow(/gaps/);
  });

  it('knows the lengths of a million full blocks without a million entries', () => {
    const receiver = new BulkReceiver(new CountingPool(4), 4, budget());
    for (let block = 0; block < 1_000_000; block++) receiver.expect(block, BLOCK_BYTES);
    const { expectedFull, expectedShort } = receiver as unknown as {
      expectedFull: { rangeCount: number };
      expectedShort: { size: number };
    };
    expect([expectedFull.rangeCount, expectedShort.size]).toEqual([1, 0]);
  });
});
