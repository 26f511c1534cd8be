import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealValue } from '../sealed-value.ts';
import { anyHeader, anySegment, headerOf, segmentOf } from '../testing/records.ts';
import {
  decodeHeader,
  decodeSegment,
  encodeHeader,
  encodeSegment,
  identityOf,
  partialPath,
  segmentKey,
  segmentRange,
} from './resume-record.ts';

const anyKey = fc.stringMatching(/^[^\0\ud800-\udfff]{1,40}$/);

describe('a resume record', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyKey, anyHeader, anySegment, fc.nat(), (key, header, segment, savedAtMs) => {
        expect(decodeHeader(key, encodeHeader(key, { header, savedAtMs }))).toEqual({ header, savedAtMs });
        const at = segmentKey(key, segment.number);
        expect(decodeSegment(key, header, at, encodeSegment(key, header, segment))).toEqual(segment);
      }),
    );
  });

  it('takes no segment that was saved with another header', () => {
    fc.assert(
      fc.property(anyHeader, anyHeader, anySegment, (header, other, segment) => {
        fc.pre(identityOf(header) !== identityOf(other));
        const sealed = encodeSegment('/a', header, segment);
        expect(decodeSegment('/a', other, segmentKey('/a', segment.number), sealed)).toBe('stale');
      }),
    );
    const fields = ['partialInode', 'size', 'mtimeSeconds', 'mtimeNanoseconds', 'sourceInode'] as const;
    for (const field of fields) {
      expect(identityOf(headerOf('.a', { [field]: 1 }))).not.toBe(identityOf(headerOf('.a', { [field]: 2 })));
    }
    expect(identityOf(headerOf('.a'))).not.toBe(identityOf(headerOf('.b')));
  });

  it.each([
    { partialName: '../b' },
    { partialName: 'x'.repeat(256) },
    { partialName: '' },
    { partialName: 7 },
    { partialInode: -1 },
    { size: 1.5 },
    { size: 2 ** 60 },
    { mtimeNanoseconds: 1e9 },
    { mtimeSeconds: Number.NaN },
    { sourceInode: '1' },
  ])('does not believe the header %o', (wrong) => {
    const sealed = sealValue(1, '/a', { ...headerOf('.a'), savedAtMs: 1, ...wrong });
    expect(decodeHeader('/a', sealed)).toBe('damaged');
  });

  it.each([null, 'text', [], { ...headerOf('.a') }])('does not believe the value %o', (value) => {
    expect(decodeHeader('/a', sealValue(1, '/a', value))).toBe('damaged');
    expect(
      decodeSegment('/a', headerOf('.a'), segmentKey('/a', 0), sealValue(1, segmentKey('/a', 0), value)),
    ).toBe('damaged');
  });

  it('does not believe a segment with more or fewer digests than its bitmap says', () => {
    const { digests } = segmentOf(0, [1, 5, 1_023]);
    for (const length of [0, 127, 128, 160, 223]) {
      const segment = { number: 0, digests: digests.slice(0, length) };
      const sealed = encodeSegment('/a', headerOf('.a'), segment);
      expect(decodeSegment('/a', headerOf('.a'), segmentKey('/a', 0), sealed)).toBe('damaged');
    }
  });

  it('has its segments in one range of keys, in order, and no others in it', () => {
    fc.assert(
      fc.property(anyKey, anyKey, fc.nat({ max: 2 ** 22 - 1 }), (key, other, number) => {
        const { gte, lt } = segmentRange(key);
        const isIn = (at: string) =>
          Buffer.compare(Buffer.from(at), Buffer.from(gte)) >= 0 &&
          Buffer.compare(Buffer.from(at), Buffer.from(lt)) < 0;
        expect(isIn(segmentKey(key, number))).toBe(true);
        expect(isIn(segmentKey(other, number))).toBe(other === key);
      }),
    );
    expect(segmentKey('/a', 15) < segmentKey('/a', 16)).toBe(true);
  });

  it('names its partial file beside its target, whoever owns it', () => {
    expect(partialPath('/a/b', headerOf('.b.jspart-1'))).toBe('/a/.b.jspart-1');
    expect(partialPath('1000:/b', headerOf('.b.jspart-1'))).toBe('/.b.jspart-1');
  });
});
