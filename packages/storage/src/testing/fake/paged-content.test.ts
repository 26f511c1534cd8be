import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import { allKept, allLost, randomFate } from './fate.ts';
import { PAGE_BYTES, PagedContent } from './paged-content.ts';

const SECTOR_BYTES = 512;
const MAX_BYTES = 4 * PAGE_BYTES;

type Change = { write: number; position: number; byteLength: number } | { truncate: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    write: fc.integer({ min: 1, max: 255 }),
    position: fc.nat(MAX_BYTES),
    byteLength: fc.nat(2 * PAGE_BYTES),
  }),
  fc.record({ truncate: fc.nat(MAX_BYTES) }),
);
const changes = fc.array(change, { maxLength: 8 });

function apply(content: PagedContent, next: Change): void {
  if ('truncate' in next) content.truncate(next.truncate);
  else content.write(new Uint8Array(next.byteLength).fill(next.write), next.position);
}

function all(content: PagedContent): Buffer {
  const bytes = Buffer.alloc(content.length, 0xee);
  expect(content.read(bytes, 0)).toBe(content.length);
  return bytes;
}

/** With zeros behind its end. */
function sector(state: Buffer, number: number): Buffer {
  return Buffer.concat([state.subarray(number * SECTOR_BYTES, (number + 1) * SECTOR_BYTES)], SECTOR_BYTES);
}

describe('content that was written back', () => {
  it('survives any crash', () => {
    const check = fc.property(changes, fc.integer(), (before, seed) => {
      const content = new PagedContent();
      for (const next of before) apply(content, next);
      const written = all(content);
      content.writeBack();
      expect(content.isDirty).toBe(false);
      content.crash(randomFate(seededRandom(seed)));
      expect(all(content).equals(written)).toBe(true);
    });
    fc.assert(check);
  });
});

describe('content that was not', () => {
  it('is found, sector by sector, as it was at some time since, and nothing else is', () => {
    const check = fc.property(changes, changes, fc.integer(), (before, after, seed) => {
      const content = new PagedContent();
      for (const next of before) apply(content, next);
      content.writeBack();
      const states = [all(content)];
      for (const next of after) {
        apply(content, next);
        states.push(all(content));
      }
      content.crash(randomFate(seededRandom(seed)));
      const found = all(content);
      expect(states.map(({ byteLength }) => byteLength)).toContain(found.byteLength);
      for (let number = 0; number * SECTOR_BYTES < found.byteLength; number++) {
        const end = Math.min(SECTOR_BYTES, found.byteLength - number * SECTOR_BYTES);
        const known = states.map((state) => sector(state, number).subarray(0, end));
        const isKnown = known.some((bytes) => bytes.equals(sector(found, number).subarray(0, end)));
        expect(isKnown, `sector ${number}`).toBe(true);
      }
    });
    fc.assert(check);
  });

  it('is torn in the middle of a page by some crash, and has grown by zeros after some other', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 200; seed++) {
      const content = new PagedContent();
      content.write(new Uint8Array(PAGE_BYTES).fill(1), 0);
      content.crash(randomFate(seededRandom(seed)));
      const found = all(content);
      const written = found.filter((byte) => byte === 1).byteLength;
      if (found.byteLength === 0) seen.add('lost');
      else if (written === 0) seen.add('zeros');
      else seen.add(written === PAGE_BYTES ? 'kept' : 'torn');
    }
    expect([...seen].sort()).toEqual(['kept', 'lost', 'torn', 'zeros']);
  });

  it('is lost, or kept, altogether when it is told to', () => {
    for (const fate of [allLost, allKept]) {
      const content = new PagedContent();
      content.write(Buffer.from('old'), 0);
      content.writeBack();
      content.write(Buffer.from('newer'), 0);
      content.crash(fate);
      expect(all(content).toString()).toBe(fate === allLost ? 'old' : 'newer');
    }
  });

  it('is still read when its write-back failed, until the cache gives it up', () => {
    const content = new PagedContent();
    content.write(Buffer.from('old'), 0);
    content.writeBack();
    content.write(Buffer.from('new'), 0);
    content.loseInWriteBack(allLost);
    expect(content.isDirty).toBe(false);
    expect(all(content).toString()).toBe('new');
    content.dropFromCache();
    expect(all(content).toString()).toBe('old');
  });
});

it('keeps dirty pages when the cache is to give up what is around them', () => {
  const content = new PagedContent();
  content.write(Buffer.from('new'), 0);
  content.dropFromCache();
  expect(all(content).toString()).toBe('new');
});

it('holds of 1 TiB the pages that were written', () => {
  const content = new PagedContent();
  const mebibyte = new Uint8Array(2 ** 20).fill(7);
  for (let at = 0; at < 10; at++) content.write(mebibyte, at * 2 ** 36);
  content.truncate(2 ** 40);
  expect(content.cachedPages).toBe((10 * 2 ** 20) / PAGE_BYTES);
  expect(content.length).toBe(2 ** 40);
  content.crash(allKept);
  expect([content.length, content.diskPages]).toEqual([2 ** 40, (10 * 2 ** 20) / PAGE_BYTES]);
});

it('knows of holes what was never written, page by page', () => {
  const check = fc.property(changes, (all) => {
    const content = new PagedContent();
    let written = new Set<number>();
    for (const next of all) {
      apply(content, next);
      if ('truncate' in next) {
        written = new Set([...written].filter((page) => page * PAGE_BYTES < next.truncate));
      } else {
        const end = next.position + next.byteLength;
        for (let at = next.position; at < end; at++) written.add(Math.floor(at / PAGE_BYTES));
      }
    }
    const isData = (at: number) => at < content.length && written.has(Math.floor(at / PAGE_BYTES));
    for (let at = 0; at <= content.length + 1; at += 509) {
      const data = content.nextData(at);
      const hole = content.nextHole(at);
      expect(data === at).toBe(isData(at));
      expect(hole === at).toBe(!isData(at));
      expect(data === Number.POSITIVE_INFINITY || isData(data)).toBe(true);
      expect(isData(hole)).toBe(false);
    }
  });
  fc.assert(check);
});
