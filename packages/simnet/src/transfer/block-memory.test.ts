import { describe, expect, it } from 'vitest';
import { BlockMemory } from './block-memory.ts';

describe('BlockMemory', () => {
  it('hands out spoiled blocks up to its bound, and takes each back once', () => {
    const memory = new BlockMemory(2);
    const [first, second] = [memory.acquire()!, memory.acquire()!];
    expect(memory.acquire()).toBeUndefined();
    first.fill(1);
    memory.release(first);
    expect(() => memory.release(first)).toThrow('not in use');
    expect(memory.acquire()!.every((byte) => byte === 0xdb)).toBe(true);
    memory.release(second);
    expect(memory.inUse).toBe(1);
  });
});
