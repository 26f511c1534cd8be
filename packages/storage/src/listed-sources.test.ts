import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { openStorage } from './node-file-system.ts';
import { temporaryDirectories } from './testing/temporary-directory.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeScanner, type ScannedSource } from './tree-scanner.ts';

const temporaryDirectory = temporaryDirectories();
const blake3 = await loadBlake3();

type Symlinks = 'follow' | 'ignore';

/** Lists what `fill` made, and looks it up again after `change`. */
function listedAndLookedUp(
  fill: (root: string) => void,
  change: (root: string) => void = () => undefined,
  { symlinks = 'follow' as Symlinks, mappings = [{ source: '/', target: '/' }] } = {},
) {
  const root = temporaryDirectory();
  fill(root);
  const fileSystem = openStorage({ sandboxRoot: root });
  const scanner = createTreeScanner({ fileSystem, mappings, symlinks });
  const sources: ScannedSource[] = [];
  const problems: string[] = [];
  for (let done = false; !done; ) {
    const batch = scanner.next(2);
    sources.push(...batch.sources);
    problems.push(...batch.problems.map(({ source }) => source));
    done = batch.done;
  }
  scanner.close();
  change(root);
  const reader = createTreeReader({ fileSystem, blake3, mappings: [], symlinks });
  const batches = [reader.lookUp(sources.slice(0, 1), false), reader.lookUp(sources.slice(1), true)];
  return {
    sources,
    problems,
    reader,
    last: batches[1]!,
    entries: batches.flatMap(({ entries }) => entries),
    failures: batches.flatMap((batch) => batch.problems.map(({ source, code }) => [source, code])),
  };
}

function content(reader: ReturnType<typeof createTreeReader>): string {
  const memory = new Uint8Array(BLOCK_BYTES);
  const { byteLength, failures } = reader.readBlock(0, memory);
  expect(failures).toEqual([]);
  return Buffer.from(memory.subarray(0, byteLength)).toString();
}

describe('sources of a list', () => {
  it('are what a scan finds, in its order and no more, however much came there since', () => {
    const { sources, entries, failures, last, reader } = listedAndLookedUp(
      (root) => {
        mkdirSync(`${root}/d/empty`, { recursive: true });
        writeFileSync(`${root}/d/a`, 'AA', { mode: 0o755 });
        utimesSync(`${root}/d/a`, 1, 1);
        writeFileSync(`${root}/b`, 'B');
      },
      (root) => writeFileSync(`${root}/d/new`, 'not listed'),
    );
    expect(entries.map(({ targetPath }) => targetPath)).toEqual(sources.map(({ target }) => target));
    expect(sources.map(({ source }) => source).sort()).toEqual(['/b', '/d', '/d/a', '/d/empty']);
    expect(sources.find(({ source }) => source === '/d/a')).toMatchObject({
      kind: 'file',
      size: 2,
      mtimeSeconds: 1,
      executable: true,
      followed: false,
    });
    expect(failures).toEqual([]);
    expect(last).toMatchObject({ done: true, totals: { entries: 4, files: 2, bytes: 3 } });
    expect(content(reader).split('').sort().join('')).toBe('AAB');
  });

  it('are sent as they stand then: longer, newer, or another file of that name', () => {
    const { entries, failures, reader } = listedAndLookedUp(
      (root) => {
        writeFileSync(`${root}/a`, 'old');
        writeFileSync(`${root}/b`, 'old');
      },
      (root) => {
        writeFileSync(`${root}/a`, 'a is longer now');
        writeFileSync(`${root}/c`, '; b is another');
        renameSync(`${root}/c`, `${root}/b`);
      },
    );
    expect(failures).toEqual([]);
    expect(entries).toHaveLength(2);
    expect(content(reader).length).toBe('a is longer now; b is another'.length);
  });

  it('fail by name when they have vanished, with their directory too, or are another kind of thing', () => {
    const { entries, failures } = listedAndLookedUp(
      (root) => {
        mkdirSync(`${root}/d`);
        for (const name of ['d/a', 'gone', 'directory', 'stays']) writeFileSync(`${root}/${name}`, name);
      },
      (root) => {
        for (const name of ['d', 'gone', 'directory']) rmSync(`${root}/${name}`, { recursive: true });
        mkdirSync(`${root}/directory`);
      },
    );
    expect(entries.map(({ targetPath }) => targetPath)).toEqual(['/stays']);
    expect(failures.sort()).toEqual([
      ['/d', 'not-found'],
      ['/d/a', 'not-found'],
      ['/directory', 'source-changed'],
      ['/gone', 'not-found'],
    ]);
  });

  it.each(['follow', 'ignore'] as const)(
    'that are links now where symlinks are to %s never lead out of the root',
    (symlinks) => {
      const outside = temporaryDirectory();
      writeFileSync(`${outside}/secret`, 'secret');
      const { entries, failures } = listedAndLookedUp(
        (root) => {
          mkdirSync(`${root}/d`);
          for (const name of ['a', 'b', 'd/secret']) writeFileSync(`${root}/${name}`, name);
        },
        (root) => {
          for (const name of ['b', 'd']) rmSync(`${root}/${name}`, { recursive: true });
          symlinkSync(`${outside}/secret`, `${root}/b`);
          symlinkSync(outside, `${root}/d`);
        },
        { symlinks },
      );
      expect(entries.map(({ targetPath }) => targetPath)).toEqual(['/a']);
      expect(failures.map(([source]) => source).sort()).toEqual(['/b', '/d', '/d/secret']);
    },
  );

  it('that were links are followed again, where links are ignored the one that was named', () => {
    const fill = (root: string) => {
      writeFileSync(`${root}/file`, 'F');
      symlinkSync('file', `${root}/link`);
    };
    const named = { symlinks: 'ignore' as const, mappings: [{ source: '/link', target: 'x' }] };
    expect(listedAndLookedUp(fill, undefined, named).entries).toMatchObject([{ targetPath: 'x', size: 1 }]);
    const { sources, entries } = listedAndLookedUp(fill);
    expect(sources.find(({ source }) => source === '/link')?.followed).toBe(true);
    expect(entries).toHaveLength(2);
  });
});
