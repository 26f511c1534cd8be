import fc from 'fast-check';
import type { ResumeHeader, ResumeSegment, ResumeUpdate } from '../resume/resume-record.ts';

export function segmentOf(number: number, chunks: readonly number[], fill = 7): ResumeSegment {
  const digests = new Uint8Array(128 + 32 * chunks.length).fill(fill);
  digests.fill(0, 0, 128);
  for (const chunk of chunks) digests[chunk >> 3]! |= 1 << (chunk & 7);
  return { number, digests };
}

export function headerOf(partialName: string, changes: Partial<ResumeHeader> = {}): ResumeHeader {
  return {
    partialName,
    partialInode: 12,
    size: 3_000_000,
    mtimeSeconds: 1_700_000_000,
    mtimeNanoseconds: 5,
    sourceInode: 34,
    ...changes,
  };
}

export function updateOf(
  key: string,
  segments: ResumeSegment[],
  changes: Partial<ResumeHeader> = {},
): ResumeUpdate {
  return { key, header: headerOf(`.${key.slice(key.lastIndexOf('/') + 1)}.jspart-1`, changes), segments };
}

const count = fc.nat({ max: 2 ** 52 });

export const anyHeader: fc.Arbitrary<ResumeHeader> = fc.record({
  partialName: fc.stringMatching(/^[^/\0\ud800-\udfff]{1,60}$/),
  partialInode: count,
  size: count,
  mtimeSeconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  mtimeNanoseconds: fc.nat({ max: 999_999_999 }),
  sourceInode: count,
});

export const anySegment: fc.Arbitrary<ResumeSegment> = fc
  .record({
    number: fc.nat({ max: 2 ** 22 - 1 }),
    chunks: fc.uniqueArray(fc.nat({ max: 1_023 }), { maxLength: 40 }),
    fill: fc.nat({ max: 255 }),
  })
  .map(({ number, chunks, fill }) => segmentOf(number, chunks, fill));
