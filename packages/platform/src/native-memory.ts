import type { Ffi } from './ffi.ts';
import { lowMemory } from './low-memory.ts';

/**
 * Memory that native functions read and write. One ArrayBuffer, never moved by garbage collection as typed arrays of up
 * to 64 bytes are; keep a reference as long as the system may use it.
 */
export class NativeMemory {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Where it begins in the process. */
  readonly address: number;
  private readonly discardPages: (() => void) | undefined;

  /** @param isLow at addresses that cost least to give away, where there is room: for what is used all the time (`LowMemory`) */
  constructor(native: Ffi, byteLength: number, isLow = false) {
    const length = Math.max(Math.ceil(byteLength / 8) * 8, 128);
    const low = isLow ? lowMemory(native, length) : undefined;
    const memory = low?.memory ?? new ArrayBuffer(length);
    this.bytes = new Uint8Array(memory);
    this.words = new Uint32Array(memory);
    this.address = low?.address ?? Number(native.koffi.address(this.bytes));
    this.discardPages = low?.discard;
  }

  /** Nothing in it is wanted any more, nor used by the system. To be called once for low memory, which nobody else gives back. */
  discard(): void {
    this.discardPages?.();
  }

  /** Writes, at a byte offset divisible by 4, a pointer to another byte offset of this memory. */
  writePointer(at: number, target: number): void {
    this.writeUint64(at, this.address + target);
  }

  /** Writes a whole number of up to 2^53 in the byte order of Linux on x64 and arm64. */
  writeUint64(at: number, value: number): void {
    this.words[at >>> 2] = value;
    this.words[(at >>> 2) + 1] = value / 2 ** 32;
  }
}
