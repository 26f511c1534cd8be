import type { Ffi } from './ffi.ts';

export type Address = number;

/**
 * Tells where the bytes of typed arrays stand in memory. Asking an array for its buffer costs more than copying a packet,
 * so the answer is remembered for the array asked about last: have one of these for each use.
 */
export function addressFinder({ koffi }: Ffi): (bytes: Uint8Array) => Address {
  const beginnings = new WeakMap<ArrayBufferLike, Address>();
  let last: Uint8Array | undefined;
  let lastAt: Address = 0;
  return (bytes) => {
    if (bytes === last) return lastAt;
    const { buffer, byteOffset } = bytes;
    let beginning = beginnings.get(buffer);
    if (beginning === undefined) {
      beginning = Number(koffi.address(new Uint8Array(buffer)));
      beginnings.set(buffer, beginning);
    }
    last = bytes;
    lastAt = beginning + byteOffset;
    return lastAt;
  };
}
