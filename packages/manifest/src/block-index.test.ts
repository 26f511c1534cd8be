import { BLOCK_BYTES } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockIndex, chunkCount, chunkIn, type Placed } from './block-index.ts';
import { Layout } from './layout.ts';

const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 2 ** 19 }), fc.integer({ min: 1, max: 4 * BLOCK_BYTES })),
  {
    maxLength: 60,
  },
);

function place(bytes: readonly number[]): { files: Placed[]; blocks: Map<number, number> } {
  const layout = new Layout();
  const files = bytes.map((size) => ({ size, address: layout.place(size) }));
  layout.finish();
  const blocks = new Map<number, number>();
  for (const { block, count, byteLength } of layout.takeSealed()) {
    for (let at = 0; at < count; at++) blocks.set(block + at, byteLength);
  }
  return { files, blocks };
}

describe('BlockIndex', () => {
  it('finds the files of every block, whose chunks fill it without a gap', () => {
    fc.assert(
      fc.property(sizes, (bytes) => {
        const { files, blocks } = place(bytes);
        const index = new BlockIndex<Placed>();
        for (const file of files) index.add(file);
        const seen = new Map<Placed, number>();
        for (const [block, byteLength] of blocks) {
          let end = 0;
          for (const file of index.filesIn(block)) {
            const chunk = chunkIn(file, block);
            expect(chunk.offsetInBlock).toBe(end);
            expect(chunk.number).toBe(seen.get(file) ?? 0);
            end += chunk.byteLength;
            seen.set(file, chunk.number + 1);
          }
          expect(end).toBe(byteLength);
        }
        for (const file of files) expect(seen.get(file)).toBe(chunkCount(file));
        expect(index.filesIn(blocks.size)).toEqual([]);
      }),
    );
  });

  it('keeps the places of unsettled files whatever the order in which others are added and settled', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), (bytes, picks) => {
        const { files } = place(bytes);
        const index = new BlockIndex<Placed>();
        const live: Placed[] = [];
        for (const [at, file] of files.entries()) {
          index.add(file);
          live.push(file);
          if (picks[at]! % 3 > 0) index.settle(live.splice(picks[at]! % live.length, 1)[0]!);
          for (const kept of live) {
            const first = Math.floor(kept.address / BLOCK_BYTES);
            const chunk = chunkIn(kept, first);
            expect(index.filesIn(first)).toContain(kept);
            const before = index.filesIn(first).filter((other) => other.address < kept.address);
            const offset = before.reduce((sum, other) => sum + chunkIn(other, first).byteLength, 0);
            expect(offset).toBe(chunk.offsetInBlock);
          }
        }
      }),
    );
  });

  it('goes on to the next block with files that are not settled', () => {
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.boolean()), (bytes, picks) => {
        const { files, blocks } = place(bytes);
        const index = new BlockIndex<Placed>();
        for (const file of files) index.add(file);
        const unsettled = new Set(files);
        for (const file of files) {
          if (picks.next().value) continue;
          index.settle(file);
          unsettled.delete(file);
        }
        for (let block = 0; block <= blocks.size; block++) {
          const group = index.groupFrom(block);
          const wanted = [...unsettled].filter((file) => (file.address + file.size) / BLOCK_BYTES > block);
          if (group === undefined) expect(wanted).toEqual([]);
          else {
            expect(group.lastBlock).toBeGreaterThanOrEqual(block);
            expect(group.files.some((file) => unsettled.has(file))).toBe(true);
            const before = wanted.filter((file) => file.address < group.firstBlock * BLOCK_BYTES);
            expect(before).toEqual([]);
          }
        }
      }),
    );
  });

  it('forgets settled groups', () => {
    const index = new BlockIndex<Placed>();
    const { files } = place(Array.from({ length: 1000 }, () => BLOCK_BYTES));
    for (const file of files) index.add(file);
    for (const file of files.slice(0, 999)) index.settle(file);
    expect(index.filesIn(0)).toEqual([]);
    expect(index.filesIn(999)).toEqual([files[999]]);
  });

  it('keeps a file that failed at once in its block while that block still grows', () => {
    const index = new BlockIndex<Placed>();
    const [first, second] = place([10, 20]).files;
    index.add(first!);
    index.settle(first!);
    index.add(second!);
    expect(index.filesIn(0)).toEqual([first, second]);
  });
});
