import { describe, expect, it } from 'vitest';
import { type Ffi, ffi } from './ffi.ts';
import { lowMemory } from './low-memory.ts';
import { NativeMemory } from './native-memory.ts';

const native = ffi();
const isThere = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) && native;
const BYTES = 300_000;

describe.skipIf(!isThere)('low memory (needs Linux and koffi)', () => {
  it('is zeros at addresses that are small integers, which native functions and views share', () => {
    const [one, other] = [lowMemory(native!, BYTES)!, lowMemory(native!, BYTES)!];
    expect(one.address + BYTES).toBeLessThan(2 ** 31);
    expect(Math.abs(one.address - other.address)).toBeGreaterThanOrEqual(BYTES);
    const bytes = new Uint8Array(one.memory);
    expect(bytes.length).toBe(BYTES);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    const memset = native!.process.func('uintptr_t memset(uintptr_t, int, size_t)');
    memset(one.address + 10, 7, BYTES - 10);
    expect([bytes[9], bytes[10], bytes[BYTES - 1]]).toEqual([0, 7, 7]);
  });

  it('reads as zeros, and stays safe to write to, once it is given back', () => {
    const memory = new NativeMemory(native!, BYTES, true);
    memory.bytes.fill(1);
    memory.discard();
    expect(memory.bytes.every((byte) => byte === 0)).toBe(true);
    memory.bytes[0] = 2;
    expect(memory.words[0]).toBe(2);
  });

  it('is not there where there is no room, and ordinary memory takes its place', () => {
    expect(lowMemory(native!, 2 ** 30)).toBe(undefined);
    const calls = new Map<string, number[][]>();
    const elsewhere = 2 ** 40;
    const full = {
      ...native!,
      process: {
        func:
          (prototype: string) =>
          (...parameters: number[]) => {
            const name = /(\w+)\(/.exec(prototype)![1]!;
            calls.set(name, [...(calls.get(name) ?? []), parameters]);
            return name === 'mmap' && calls.get(name)!.length % 2 === 0 ? elsewhere : 2n ** 64n - 1n;
          },
      },
    } as unknown as Ffi;
    const memory = new NativeMemory(full, BYTES, true);
    expect(memory.bytes.length).toBe(BYTES);
    expect(memory.address).toBeGreaterThan(0);
    // What an old kernel put elsewhere is not kept.
    expect(calls.get('munmap')).toHaveLength(calls.get('mmap')!.length / 2);
    expect(calls.get('munmap')!.every(([at, byteLength]) => at === elsewhere && byteLength === BYTES)).toBe(
      true,
    );
    memory.discard();
  });
});
