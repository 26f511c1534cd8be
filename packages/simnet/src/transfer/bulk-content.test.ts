import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { BulkContent } from './bulk-content.ts';

describe('BulkContent', () => {
  it('cuts content into full blocks and a rest, or into blocks of any length', () => {
    const full = new BulkContent(1, 2.5 * BLOCK_BYTES);
    expect([0, 1, 2].map((block) => full.blockBytes(block))).toEqual([
      BLOCK_BYTES,
      BLOCK_BYTES,
      BLOCK_BYTES / 2,
    ]);
    const partial = new BulkContent(1, 10 * BLOCK_BYTES, true);
    const lengths = Array.from({ length: partial.blocks }, (_, block) => partial.blockBytes(block));
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(10 * BLOCK_BYTES);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(BLOCK_BYTES);
    expect(Math.min(...lengths)).toBeGreaterThan(0);
    expect(partial.blocks).toBeGreaterThan(12);
  });

  it('tells blocks apart, and notices a byte that changed or moved', () => {
    const content = new BulkContent(3, 3 * BLOCK_BYTES);
    expect(content.agrees(1, content.block(1).slice())).toBe(true);
    expect(content.agrees(1, content.block(0))).toBe(false);
    const changed = content.block(1).slice();
    changed[777]! ^= 1;
    expect(content.agrees(1, changed)).toBe(false);
    const moved = content.block(1).slice();
    moved.copyWithin(100, 0, 1200);
    expect(content.agrees(1, moved)).toBe(false);
  });

  it('repeats for a seed', () => {
    expect(new BulkContent(5, 100).block(0)).toEqual(new BulkContent(5, 100).block(0));
    expect(new BulkContent(5, 100).block(0)).not.toEqual(new BulkContent(6, 100).block(0));
  });
});
