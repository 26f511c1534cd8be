import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkDigests } from './chunk-digests.ts';
import { fileDigest, loadBlake3 } from './digest.ts';

const blake3 = await loadBlake3();
const digestOf = (chunk: number) => blake3(Buffer.from(`chunk ${chunk}`));

describe('ChunkDigests', () => {
  it('gives the digest of the file whatever the order in which chunks came', () => {
    const order = fc
      .integer({ min: 1, max: 40 })
      .chain((total) => fc.shuffledSubarray([...Array(total).keys()], { minLength: total }));
    fc.assert(
      fc.property(order, (chunks) => {
        const digests = new ChunkDigests(chunks.length);
        for (const chunk of chunks) {
          expect(digests.complete).toBe(false);
          expect(digests.has(chunk)).toBe(false);
          digests.add(chunk, digestOf(chunk));
          expect(digests.has(chunk)).toBe(true);
        }
        expect(digests.complete).toBe(true);
        const inOrder = Buffer.concat(chunks.map((_, chunk) => digestOf(chunk)));
        expect(Buffer.from(digests.fileDigest(blake3))).toEqual(Buffer.from(fileDigest(blake3, inOrder)));
      }),
    );
  });

  it('is complete at once for a file without chunks', () => {
    const digests = new ChunkDigests(0);
    expect(digests.complete).toBe(true);
    expect(digests.fileDigest(blake3)).toEqual(blake3(new Uint8Array(0)));
  });

  it('takes no memory for what a sender only claims', () => {
    const digests = new ChunkDigests(2 ** 33);
    digests.add(2 ** 33 - 1, digestOf(0));
    expect(digests.has(2 ** 33 - 1)).toBe(true);
    expect(digests.complete).toBe(false);
  });
});
