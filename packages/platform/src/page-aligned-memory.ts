import { ffi } from './ffi.ts';

const PAGE_BYTES = 4096;
/** What glibc puts before a large allocation. */
const ALLOCATOR_HEADER_BYTES = 16;

/**
 * Shared memory that begins at a page. Where V8 puts an array, 16 bytes behind the beginning of a page, an AMD processor takes up
 * to six times as long to copy a page of a file into it (`rep movsb` with the target 1 to 31 bytes ahead of the source, modulo 4096).
 */
export function pageAlignedMemory(byteLength: number): Uint8Array<SharedArrayBuffer> {
  const memory = new Uint8Array(new SharedArrayBuffer(byteLength + PAGE_BYTES));
  const address = ffi()?.koffi.address(memory) ?? ALLOCATOR_HEADER_BYTES;
  const begin = -Number(address) & (PAGE_BYTES - 1);
  return memory.subarray(begin, begin + byteLength);
}
