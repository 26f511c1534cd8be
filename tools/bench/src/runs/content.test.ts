import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allocatedBytes, difference } from './content.ts';
import { makeSource } from './source.ts';

const MIB = 2 ** 20;

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-content-test-'));
});
afterEach(() => rmSync(base, { recursive: true }));

describe('a source', () => {
  it('may be a tree, of which each file differs', () => {
    makeSource(join(base, 'a'), { files: 5, fileBytes: 100, filesPerDirectory: 2 });
    makeSource(join(base, 'b'), { files: 5, fileBytes: 100, filesPerDirectory: 2 });
    expect(difference(join(base, 'a'), join(base, 'b'))).toBeUndefined();
    copyFileSync(join(base, 'a/0/0'), join(base, 'b/2/4'));
    expect(difference(join(base, 'a'), join(base, 'b'))).toBe('2/4 has other bytes');
    appendFileSync(join(base, 'b/1/3'), 'x');
    expect(difference(join(base, 'a'), join(base, 'b'))).toBe('1/3 has 101 bytes instead of 100');
    expect(difference(join(base, 'a/1'), join(base, 'a/0'))).toMatch(/has no bytes/);
  });

  it('may have holes, where a copy with data is found too', () => {
    const [source, copy] = [join(base, 'a'), join(base, 'b')];
    makeSource(source, { files: 1, fileBytes: 2 ** 34, dataBytes: 3 * MIB });
    expect(statSync(source).size).toBe(2 ** 34);
    expect(allocatedBytes(source)).toBeLessThan(4 * MIB);
    writeFileSync(copy, '');
    truncateSync(copy, 2 ** 34);
    expect(difference(source, copy)).toBe('it has other bytes');
    expect(difference(copy, copy)).toBeUndefined();
    const file = openSync(copy, 'r+');
    writeSync(file, 'x', 2 ** 33 + 5);
    closeSync(file);
    truncateSync(source, 0);
    truncateSync(source, 2 ** 34);
    expect(difference(source, copy)).toBe('it has other bytes');
  });
});
