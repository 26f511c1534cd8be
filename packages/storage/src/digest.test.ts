import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadBlake3, loadNativeBlake3, loadWasmBlake3 } from './digest.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** From test_vectors.json of the BLAKE3 team: length of the input 0, 1, … 250, 0, 1, … and the first 32 bytes of its hash. */
const VECTORS: [number, string][] = [
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [1023, '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11'],
  [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
  [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
  [2048, 'e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a'],
  [2049, '5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030'],
  [3073, '7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3'],
  [5121, '628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff'],
  [7169, 'a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817'],
];

describe.each([
  ['native', await loadNativeBlake3()],
  ['WebAssembly', await loadWasmBlake3()],
])('BLAKE3, %s', (_, blake3) => {
  it.each(VECTORS)('hashes the published input of %i bytes', (length, digest) => {
    expect(hex(blake3(Uint8Array.from({ length }, (_, at) => at % 251)))).toBe(digest);
  });

  it('hashes parts as if they were one, also when each overwrites the one before', () => {
    const all = Uint8Array.from({ length: 7169 }, (_, at) => at % 251);
    function* parts() {
      const memory = new Uint8Array(1000);
      for (let at = 0; at < all.byteLength; at += memory.byteLength) {
        const part = all.subarray(at, at + memory.byteLength);
        memory.set(part);
        yield memory.subarray(0, part.byteLength);
      }
    }
    expect(hex(blake3.ofParts(parts()))).toBe(
      'a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817',
    );
    expect(hex(blake3.ofParts([]))).toBe(VECTORS[0]![1]);
  });

  it('hashes a part of shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4096)).subarray(100, 1125);
    shared.set(Uint8Array.from({ length: 1025 }, (_, at) => at % 251));
    expect(hex(blake3(shared))).toBe('d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444');
  });
});

describe('loadBlake3', () => {
  it('gives one whose every answer is that of the other', async () => {
    const [native, wasm] = [await loadBlake3(), await loadWasmBlake3()];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        expect(hex(native(bytes))).toBe(hex(wasm(bytes)));
      }),
    );
  });
});
