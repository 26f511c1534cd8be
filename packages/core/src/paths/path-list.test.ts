import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KnownPath } from '../contract.ts';
import { PATH_LIFETIME_MS } from './known-path.ts';
import { MAX_PATHS, mergePaths, parsePaths, serialisePaths } from './path-list.ts';

const NOW_MS = 1.8e12;
const PATH: KnownPath = {
  network: '192.0.2.1',
  localAddress: '198.51.100.7',
  minRttUs: 100_000,
  rateBytesPerSecond: 6e7,
  seenAtMs: NOW_MS - 1000,
};

/** Few networks and moments, so that they meet. */
const paths = fc.array(
  fc.record(
    {
      network: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8:0:1'),
      localAddress: fc.constantFrom('198.51.100.7', '2001:db8::7'),
      minRttUs: fc.integer({ min: 1, max: 3 }),
      rateBytesPerSecond: fc.integer({ min: 1, max: 3 }),
      seenAtMs: fc.integer({ min: NOW_MS - 5, max: NOW_MS }),
    },
    { requiredKeys: ['network', 'minRttUs', 'rateBytesPerSecond', 'seenAtMs'] },
  ),
);

const merge = (...lists: KnownPath[][]) => mergePaths(lists, NOW_MS);
const parse = (text: string) => parsePaths(text, NOW_MS);
const asFile = (path: object) => JSON.stringify({ version: 1, paths: [path] });

describe('a list of paths', () => {
  it('is the same after it was written and read', () => {
    fc.assert(
      fc.property(paths, (list) => {
        expect(parse(serialisePaths(merge(list)))).toEqual(merge(list));
      }),
      { numRuns: 300 },
    );
  });

  it('comes out alike in whatever order writers merge', () => {
    fc.assert(
      fc.property(paths, paths, paths, (one, two, three) => {
        expect(merge(one, two)).toEqual(merge(two, one));
        expect(merge(merge(one, two), three)).toEqual(merge(one, merge(two, three)));
        expect(merge(one, one)).toEqual(merge(one));
      }),
      { numRuns: 500 },
    );
  });

  it('holds what was seen last of each path', () => {
    const later = { ...PATH, rateBytesPerSecond: 1e6, seenAtMs: PATH.seenAtMs + 1 };
    const fromElsewhere = { ...PATH, localAddress: '203.0.113.9' };
    expect(merge([later, fromElsewhere], [PATH])).toEqual([later, fromElsewhere]);
  });

  it('holds 256 paths, and forgets the oldest', () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      ...PATH,
      network: `10.0.${index >> 8}.${index & 255}`,
      seenAtMs: NOW_MS - index,
    }));
    const kept = merge(many.slice(500), many.slice(0, 500));
    expect(kept).toEqual(many.slice(0, MAX_PATHS));
    expect(MAX_PATHS).toBe(256);
  });

  it('forgets a path after two days, and one that a wrong clock has dated', () => {
    const at = (seenAtMs: number) => merge([{ ...PATH, seenAtMs }]).length;
    expect(at(NOW_MS - PATH_LIFETIME_MS + 1)).toBe(1);
    expect(at(NOW_MS - PATH_LIFETIME_MS)).toBe(0);
    expect(at(NOW_MS + 3_600_000)).toBe(0);
  });
});

describe('a file of paths', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', 'known_hosts jetstream-x25519 AAAA'],
    ['half a file', serialisePaths([PATH]).slice(0, 60)],
    ['another thing', '[1, 2]'],
    ['null', 'null'],
    ['a newer version', '{"version": 2, "paths": []}'],
    ['no list', '{"version": 1, "paths": {"length": 1}}'],
    ['deep nesting', '['.repeat(200_000)],
  ])('is refused when it is %s', (_, text) => {
    expect(() => parse(text)).toThrow();
  });

  it.each([
    ['not an object', 5 as unknown as object],
    ['null', null as unknown as object],
    ['empty', {}],
    ['a list', []],
    ['without a network', { ...PATH, network: undefined }],
    ['of a network that is a name', { ...PATH, network: 'example.org' }],
    ['of a network with an escape', { ...PATH, network: '192.0.2.1\u001b[2J' }],
    ['of a very long network', { ...PATH, network: '1'.repeat(65) }],
    ['from an address that is a number', { ...PATH, localAddress: 1 }],
    ['from an address that is null', { ...PATH, localAddress: null }],
    ['without a round trip', { ...PATH, minRttUs: 0 }],
    ['with a round trip of hours', { ...PATH, minRttUs: 1e10 }],
    ['with a round trip in words', { ...PATH, minRttUs: '100000' }],
    ['with a rate below 0', { ...PATH, rateBytesPerSecond: -1 }],
    ['with a rate that nothing has', { ...PATH, rateBytesPerSecond: 1e300 }],
    ['with a list for a rate', { ...PATH, rateBytesPerSecond: [6e7] }],
    ['with a date in words', { ...PATH, seenAtMs: 'today' }],
    ['without a date', { ...PATH, seenAtMs: undefined }],
  ])('is read without an entry that is %s', (_, entry) => {
    const text = JSON.stringify({ version: 1, paths: [entry, PATH] });
    expect(parse(text)).toEqual([PATH]);
  });

  it('is read without fields that are not ours, and without harm from their names', () => {
    const text = asFile(PATH).replace('"network"', '"__proto__":{"minRttUs":5},"constructor":1,"network"');
    expect(parse(text)).toEqual([PATH]);
    expect(Object.keys(parse(text)[0]!)).toEqual(Object.keys(PATH));
  });

  it('gives usable paths or an error, whatever it holds', () => {
    const value = fc.oneof(
      fc.json(),
      fc.string(),
      fc.anything().map((any) => asFile({ ...PATH, minRttUs: any })),
    );
    fc.assert(
      fc.property(value, (text) => {
        let read: KnownPath[] = [];
        try {
          read = parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
        for (const path of read) expect(path.minRttUs > 0 && path.rateBytesPerSecond > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
