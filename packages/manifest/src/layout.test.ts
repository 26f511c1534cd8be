import { BLOCK_BYTES, MAX_BLOCK_CHUNKS } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlockRun, Layout } from './layout.ts';

const size = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 2 ** 18 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 5 * BLOCK_BYTES }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES),
  },
);

/** Lengths of blocks by number. */
function blocksOf(runs: readonly BlockRun[]): number[] {
  const lengths: number[] = [];
  for (const { block, count, byteLength } of runs) {
    for (let at = block; at < block + count; at++) {
      expect(lengths[at], `block ${at} sealed twice`).toBeUndefined();
      lengths[at] = byteLength;
    }
  }
  return lengths;
}

describe('Layout', () => {
  it('puts a file where the one before it ended if it fits whole into the block, else into the next', () => {
    const layout = new Layout();
    expect(layout.place(100)).toBe(0);
    expect(layout.place(BLOCK_BYTES - 100)).toBe(100);
    expect(layout.place(7)).toBe(BLOCK_BYTES);
    expect(layout.place(BLOCK_BYTES)).toBe(2 * BLOCK_BYTES);
    expect(layout.place(2 * BLOCK_BYTES + 5)).toBe(3 * BLOCK_BYTES);
    expect(layout.place(6)).toBe(5 * BLOCK_BYTES + 5);
    layout.finish();
    expect(layout.takeSealed()).toEqual([
      { block: 0, count: 1, byteLength: BLOCK_BYTES },
      { block: 1, count: 1, byteLength: 7 },
      { block: 2, count: 1, byteLength: BLOCK_BYTES },
      { block: 3, count: 2, byteLength: BLOCK_BYTES },
      { block: 5, count: 1, byteLength: 11 },
    ]);
    expect(layout.takeSealed()).toEqual([]);
  });

  it('gives an empty file no bytes', () => {
    const layout = new Layout();
    layout.place(5);
    expect(layout.place(0)).toBe(5);
    expect(layout.place(1)).toBe(5);
  });

  it('[BD-3] goes to the next block when one has 4,096 files; empty ones do not count', () => {
    const layout = new Layout();
    layout.place(BLOCK_BYTES + 10);
    for (let file = 1; file < MAX_BLOCK_CHUNKS; file++) {
      expect(layout.place(2)).toBe(BLOCK_BYTES + 8 + 2 * file);
      expect(layout.place(0)).toBe(BLOCK_BYTES + 10 + 2 * file);
    }
    for (let file = 0; file < MAX_BLOCK_CHUNKS; file++) {
      expect(layout.place(1)).toBe(2 * BLOCK_BYTES + file);
    }
    expect(layout.place(BLOCK_BYTES)).toBe(3 * BLOCK_BYTES);
    expect(layout.place(1)).toBe(4 * BLOCK_BYTES);
    layout.finish();
    expect(layout.takeSealed()).toEqual([
      { block: 0, count: 1, byteLength: BLOCK_BYTES },
      { block: 1, count: 1, byteLength: 10 + 2 * (MAX_BLOCK_CHUNKS - 1) },
      { block: 2, count: 1, byteLength: MAX_BLOCK_CHUNKS },
      { block: 3, count: 1, byteLength: BLOCK_BYTES },
      { block: 4, count: 1, byteLength: 1 },
    ]);
  });

  it('covers exactly the bytes of the files with blocks, and no small file straddles two', () => {
    fc.assert(
      fc.property(fc.array(size, { maxLength: 60 }), (sizes) => {
        const layout = new Layout();
        const placed = sizes.map((bytes) => ({ bytes, address: layout.place(bytes) }));
        layout.finish();
        const blocks = blocksOf(layout.takeSealed());
        const ends = blocks.map(() => 0);
        let last = 0;
        for (const { bytes, address } of placed) {
          expect(address).toBeGreaterThanOrEqual(last);
          last = address + bytes;
          if (bytes === 0) continue;
          if (bytes <= BLOCK_BYTES) {
            expect(Math.floor(address / BLOCK_BYTES)).toBe(Math.floor((address + bytes - 1) / BLOCK_BYTES));
          } else {
            expect(address % BLOCK_BYTES).toBe(0);
          }
          for (let at = address; at < address + bytes; at += BLOCK_BYTES - (at % BLOCK_BYTES)) {
            const block = Math.floor(at / BLOCK_BYTES);
            expect(ends[block], 'files follow each other without a gap').toBe(at % BLOCK_BYTES);
            ends[block] = Math.min(BLOCK_BYTES, address + bytes - block * BLOCK_BYTES);
          }
        }
        expect(ends).toEqual(blocks);
      }),
    );
  });

  it('comes to the same blocks at both ends, however the sizes arrive in batches', () => {
    fc.assert(
      fc.property(fc.array(fc.array(size, { maxLength: 10 }), { maxLength: 10 }), (batches) => {
        const sender = new Layout();
        const receiver = new Layout();
        const early: BlockRun[] = [];
        const addresses = batches.flatMap((batch) => {
          const placed = batch.map((bytes) => sender.place(bytes));
          early.push(...sender.takeSealed());
          return placed;
        });
        expect(batches.flat().map((bytes) => receiver.place(bytes))).toEqual(addresses);
        sender.finish();
        receiver.finish();
        early.push(...sender.takeSealed());
        expect(blocksOf(early)).toEqual(blocksOf(receiver.takeSealed()));
      }),
    );
  });

  it('refuses what is no size and what would end above 2^52', () => {
    const layout = new Layout();
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(() => layout.place(bad)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    }
    expect(layout.place(2 ** 52 - 1)).toBe(0);
    expect(() => layout.place(2)).toThrow(expect.objectContaining({ code: 'limit-exceeded' }));
    expect(layout.takeSealed()).toEqual([{ block: 0, count: 2 ** 32 - 1, byteLength: BLOCK_BYTES }]);
  });
});
