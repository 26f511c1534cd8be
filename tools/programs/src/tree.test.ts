import { appendFileSync, chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareTrees, describeTree, writeFile } from './tree.mjs';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-tree-'));
  writeFile(join(base, 'a/x/file'), 1_500_000, 1);
  writeFile(join(base, 'a/run'), 0, 2, { mode: 0o755 });
  mkdirSync(join(base, 'a/empty'));
  cpSync(join(base, 'a'), join(base, 'b'), { recursive: true, preserveTimestamps: true });
});
afterEach(() => rmSync(base, { recursive: true }));

const differences = async () =>
  compareTrees(await describeTree(join(base, 'a')), await describeTree(join(base, 'b')));

describe('the comparison of trees', () => {
  it('finds nothing between copies', async () => {
    expect(await differences()).toEqual([]);
  });

  it.each([
    [
      'another byte',
      () => appendFileSync(join(base, 'b/x/file'), 'x'),
      'x/file: 1500001 bytes instead of 1500000',
    ],
    ['a lost executable bit', () => chmodSync(join(base, 'b/run'), 0o644), 'run: other executable bit'],
    ['a lost time', () => utimesSync(join(base, 'b/run'), 1, 1), 'run: other time of modification'],
    ['a missing empty directory', () => rmSync(join(base, 'b/empty'), { recursive: true }), 'empty: missing'],
    ['something more', () => mkdirSync(join(base, 'b/more')), 'more: not expected'],
  ])('finds %s', async (_what, change, difference) => {
    change();
    expect(await differences()).toEqual([difference]);
  });

  it('finds changed content of the same size', async () => {
    rmSync(join(base, 'b/x/file'));
    writeFile(join(base, 'b/x/file'), 1_500_000, 3);
    expect(await differences()).toEqual(['x/file: other content']);
  });
});
