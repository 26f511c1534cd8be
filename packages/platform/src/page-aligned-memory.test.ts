import { describe, expect, it } from 'vitest';
import { ffi } from './ffi.ts';
import { pageAlignedMemory } from './page-aligned-memory.ts';

describe('pageAlignedMemory', () => {
  it.each([1, 4096, 2 ** 20])('gives %i zero bytes that threads can share', (byteLength) => {
    const memory = pageAlignedMemory(byteLength);
    expect(memory).toHaveLength(byteLength);
    expect(memory.every((byte) => byte === 0)).toBe(true);
    expect(memory.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it.runIf(ffi())('begins at a page', () => {
    for (let at = 0; at < 20; at++) {
      expect(Number(ffi()!.koffi.address(pageAlignedMemory(100_000))) % 4096).toBe(0);
    }
  });
});
