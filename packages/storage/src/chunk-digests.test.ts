import { BLOCK_BYTES } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkDigests } from './chunk-digests.ts';
import { loadBlake3 } from './digest.ts';
import { decodeSegment } from './digest-segment.ts';

const blake3 = await loadBlake3();
const made: Buffer[] = [];
const digestOf = (chunk: number) => (made[chunk] ??= Buffer.from(blake3(Buffer.from(`chunk ${chunk}`))));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const ZERO_DIGEST = hex(blake3(new Uint8Array(BLOCK_BYTES)));

/** What stands for each chunk in the simplest way: its digest, or nothing. */
class Model {
  readonly digests: (string | undefined)[];
  readonly holes = new Set<number>();
  readonly #lastBytes: number;

  constructor(size: number) {
    this.digests = Array.from({ length: Math.ceil(size / BLOCK_BYTES) }, () => undefined);
    this.#lastBytes = size - (this.digests.length - 1) * BLOCK_BYTES;
  }

  zeroDigest(chunk: number): string {
    return chunk === this.digests.length - 1 ? hex(blake3(new Uint8Array(this.#lastBytes))) : ZERO_DIGEST;
  }

  get fileDigest(): string {
    if (this.digests.length === 1) return this.digests[0]!;
    return hex(blake3(Buffer.from(this.digests.join(''), 'hex')));
  }
}

const command = fc.oneof(
  fc.record({ kind: fc.constant('add'), at: fc.nat(), count: fc.integer({ min: 1, max: 1500 }) }),
  fc.record({ kind: fc.constant('zeros'), at: fc.nat(), count: fc.integer({ min: 0, max: 1500 }) }),
  fc.record({ kind: fc.constant('remove'), at: fc.nat(), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant('take'), at: fc.nat(), count: fc.constant(0) }),
);

describe('ChunkDigests', () => {
  it('is what a list of all chunks would be, whatever comes and goes in whatever order', () => {
    const size = fc
      .record({ chunks: fc.integer({ min: 1, max: 3000 }), last: fc.integer({ min: 1, max: BLOCK_BYTES }) })
      .map(({ chunks, last }) => (chunks - 1) * BLOCK_BYTES + last);
    fc.assert(
      fc.property(size, fc.array(command, { maxLength: 12 }), (bytes, commands) => {
        const digests = new ChunkDigests(bytes);
        const model = new Model(bytes);
        const total = model.digests.length;
        const saved = new Map<number, Uint8Array>();
        for (const { kind, at, count } of [...commands, { kind: 'take', at: 0, count: 0 }]) {
          const first = at % total;
          const end = Math.min(first + count, total);
          if (kind === 'zeros') {
            const isNew = (chunk: number) => model.digests[chunk] === undefined;
            const added = Array.from({ length: end - first }, (_, offset) => first + offset).filter(isNew);
            for (const chunk of added) {
              model.digests[chunk] = model.zeroDigest(chunk);
              model.holes.add(chunk);
            }
            const runs = digests.addZeros(first, end - first);
            const listed = runs.flatMap(([from, to]) =>
              Array.from({ length: to - from }, (_, n) => from + n),
            );
            expect(listed.join()).toBe(added.join());
          }
          if (kind === 'take')
            for (const { number, digests: segment } of digests.takeChanged()) saved.set(number, segment);
          for (let chunk = first; chunk < end; chunk++) {
            const has = model.digests[chunk] !== undefined;
            if (kind === 'add' && !has) {
              digests.add(chunk, digestOf(chunk));
              model.digests[chunk] = hex(digestOf(chunk));
            } else if (kind === 'remove' && has) {
              digests.remove(chunk);
              model.digests[chunk] = undefined;
              model.holes.delete(chunk);
            }
          }
        }
        for (const [chunk, digest] of model.digests.entries()) {
          if (digests.has(chunk) !== (digest !== undefined)) throw new Error(`has(${chunk}) is wrong`);
          if (digest !== undefined && hex(digests.digestOf(blake3, chunk)) !== digest)
            throw new Error(`digest of ${chunk} is wrong`);
        }
        expect(digests.complete).toBe(!model.digests.includes(undefined));
        if (digests.complete) expect(hex(digests.fileDigest(blake3))).toBe(model.fileDigest);

        const recorded: (string | undefined)[] = model.digests.map(() => undefined);
        for (const [number, segment] of saved) {
          for (const { chunk, digest } of decodeSegment(segment)!)
            recorded[number * 1024 + chunk] = hex(digest);
        }
        const expected = model.digests.map((digest, chunk) => (model.holes.has(chunk) ? undefined : digest));
        expect(recorded.join()).toBe(expected.join());
      }),
      { numRuns: 300 },
    );
  });

  it('gives the digest of the file whatever the order in which chunks came', () => {
    const order = fc
      .integer({ min: 1, max: 1100 })
      .chain((total) => fc.shuffledSubarray([...Array(total).keys()], { minLength: total }));
    fc.assert(
      fc.property(order, fc.nat(), (chunks, cut) => {
        const digests = new ChunkDigests(chunks.length * BLOCK_BYTES - (cut % BLOCK_BYTES));
        for (const chunk of chunks) {
          if (digests.complete) throw new Error(`complete without ${chunk}`);
          digests.add(chunk, digestOf(chunk));
        }
        expect(digests.complete).toBe(true);
        const inOrder = Buffer.concat(chunks.map((_, chunk) => digestOf(chunk)));
        const expected = chunks.length === 1 ? inOrder : blake3(inOrder);
        expect(hex(digests.fileDigest(blake3))).toBe(hex(expected));
      }),
      { numRuns: 30 },
    );
  });

  it('is complete at once for a file without chunks', () => {
    const digests = new ChunkDigests(0);
    expect(digests.complete).toBe(true);
    expect(hex(digests.fileDigest(blake3))).toBe(hex(blake3(new Uint8Array(0))));
  });

  it('takes no memory for what a sender only claims', () => {
    const digests = new ChunkDigests(2 ** 52);
    digests.add(2 ** 32 - 1, digestOf(0));
    expect(digests.has(2 ** 32 - 1)).toBe(true);
    expect(digests.complete).toBe(false);
    expect(digests.addZeros(0, 2 ** 32)).toEqual([[0, 2 ** 32 - 1]]);
    expect(digests.complete).toBe(true);
  });

  it('gives segments that changed since it was last asked, and no others', () => {
    const digests = new ChunkDigests(3000 * BLOCK_BYTES);
    for (const chunk of [0, 1024, 2048]) digests.add(chunk, digestOf(chunk));
    const changed = () => digests.takeChanged().map(({ number }) => number);
    expect(changed()).toEqual([0, 1, 2]);
    digests.add(1500, digestOf(0));
    digests.addZeros(0, 1000);
    expect(changed()).toEqual([1]);
    digests.remove(2048);
    expect(changed()).toEqual([2]);
    expect(changed()).toEqual([]);
  });
});

describe('a segment of a record', () => {
  it('is bits from the lowest of the first byte on, then digests', () => {
    const digests = new ChunkDigests(20 * BLOCK_BYTES);
    for (const chunk of [9, 0, 3]) digests.add(chunk, digestOf(chunk));
    const bytes = digests.takeChanged()[0]!.digests;
    expect(hex(bytes.subarray(0, 128))).toBe(`0902${'00'.repeat(126)}`);
    expect(hex(bytes.subarray(128))).toBe([0, 3, 9].map((chunk) => hex(digestOf(chunk))).join(''));
  });

  it('of another length than its bits ask for is none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const ones = [...bytes.subarray(0, 128)]
          .map((byte) => byte.toString(2))
          .join('')
          .replaceAll('0', '');
        const isSegment = bytes.byteLength >= 128 && bytes.byteLength === 128 + 32 * ones.length;
        expect(decodeSegment(bytes) !== undefined).toBe(isSegment);
      }),
    );
  });
});
