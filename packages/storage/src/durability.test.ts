import { readdirSync, readFileSync } from 'node:fs';
import { createTargetResolver, type ManifestEntry } from '@jetstream/manifest';
import { BLOCK_BYTES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { openStorage } from './node-file-system.ts';
import { recordingFileSystem } from './testing/recording-file-system.ts';
import { temporaryDirectories } from './testing/temporary-directory.ts';
import { createTreeWriter, type EntryResult, type TreeWriter } from './tree-writer.ts';

const temporaryDirectory = temporaryDirectories();
const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({ user: { name: 'alice', fullName: 'alice' } });

interface Recorded {
  root: string;
  writer: TreeWriter;
  /** What was done since it was last asked. */
  steps: (pattern?: RegExp) => string[];
  /** From now on this step fails, but for the first so many times. */
  fail: (step: string, after?: number) => void;
}

function recorded(options: { volume: boolean; maxOpenHandles?: number }): Recorded {
  const root = temporaryDirectory();
  let log: string[] = [];
  const failing = new Map<string, number>();
  const onStep = (step: string) => {
    log.push(step);
    const after = failing.get(step) ?? Number.POSITIVE_INFINITY;
    failing.set(step, after - 1);
    if (after <= 0) throw new JetStreamError('io-error', `/${step.split(' ')[1]} fails`);
  };
  const writer = createTreeWriter({
    fileSystem: recordingFileSystem(openStorage({ sandboxRoot: root }), { ...options, onStep }),
    blake3,
    resolve,
    transferId: 't',
    maxEntries: 1000,
    ...(options.maxOpenHandles !== undefined && { maxOpenHandles: options.maxOpenHandles }),
  });
  const steps = (pattern = /^(sync|rename)/) => {
    const done = log.filter((step) => pattern.test(step));
    log = [];
    return done;
  };
  return { root, writer, steps, fail: (step, after = 0) => failing.set(step, after) };
}

function file(targetPath: string, size: number): ManifestEntry {
  return { kind: 'file', targetPath, size, mtimeSeconds: 1, mtimeNanoseconds: 0, executable: false };
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}`);
}

/** Files of one byte, all in one block, up to the commit. */
function writeSmall(writer: TreeWriter, paths: readonly string[], firstIndex = 0): void {
  writer.addEntries(
    firstIndex,
    paths.map((path) => file(path, 1)),
  );
  writer.endManifest(firstIndex + paths.length);
  const bytes = Buffer.alloc(paths.length, 'x');
  const digest = blake3(Buffer.from('x'));
  writer.writeBlock(firstIndex, bytes, Buffer.concat(paths.map(() => digest)));
}

function writeLarge(writer: TreeWriter, block: number, blocks = 1): EntryResult[] {
  const bytes = new Uint8Array(BLOCK_BYTES);
  const digest = blake3(bytes);
  const all = Array.from({ length: blocks }, (_, at) => writer.writeBlock(block + at, bytes, digest).results);
  return all.flat();
}

const codes = (results: readonly EntryResult[]): ErrorCode[] =>
  [...results].sort((a, b) => a.index - b.index).map(({ code }) => code);

describe('many files on a volume', () => {
  it('are durable by one sync of it, then get their names, then those are made durable', () => {
    const { root, writer, steps } = recorded({ volume: true });
    const paths = names('f', 100);
    writeSmall(writer, paths);
    expect(steps()).toEqual([]);
    expect(codes(writer.commitReady())).toEqual(paths.map(() => 'none'));
    expect(steps()).toEqual(['sync volume', ...paths.map((path) => `rename ${path}`), 'sync directory']);
    expect(readdirSync(root)).toHaveLength(100);
    writer.finish();
    expect(steps(/volume/)).toEqual(['close volume']);
  });

  it('in many directories have their names made durable by a second sync of it', () => {
    const { writer, steps } = recorded({ volume: true });
    const paths = names('d', 20).map((directory) => `${directory}/f`);
    writeSmall(writer, paths);
    writer.commitReady();
    expect(steps(/^sync/)).toEqual(['sync volume', 'sync volume']);
  });

  it('fail by name when it lost something, but for those that were open all the time and tell themselves', () => {
    const { root, writer, steps, fail } = recorded({ volume: true, maxOpenHandles: 6 });
    const paths = names('f', 20);
    writeSmall(writer, paths);
    fail('sync volume');
    fail('sync f18');
    const results = writer.commitReady();
    // Five files and the directory are as many as may be open.
    expect(codes(results)).toEqual(paths.map((_, at) => (at < 15 || at === 18 ? 'io-error' : 'none')));
    for (const { code, message, target } of results) if (code !== 'none') expect(message).toContain(target);
    expect(results.find(({ index }) => index === 0)?.message).toContain('/f0: the system lost something');
    expect(steps(/^sync/)).toEqual([
      'sync volume',
      ...paths.slice(15).map((path) => `sync ${path}`),
      'sync directory',
    ]);
    expect(readdirSync(root).sort()).toEqual(['f15', 'f16', 'f17', 'f19']);
  });

  it('are synced one by one after it lost something', () => {
    const { writer, steps, fail } = recorded({ volume: true });
    writer.addEntries(
      0,
      names('f', 9).map((path) => file(path, 0)),
    );
    fail('sync volume');
    expect(codes(writer.commitReady())).toEqual(names('f', 9).map(() => 'none'));
    steps();
    const later = names('g', 20);
    writer.addEntries(
      9,
      later.map((path) => file(path, 0)),
    );
    expect(codes(writer.commitReady())).toEqual(later.map(() => 'none'));
    expect(steps(/^sync/)).toEqual([...later.map((path) => `sync ${path}`), 'sync directory']);
  });
});

describe('few files on a volume', () => {
  it('are made durable one by one', () => {
    const { writer, steps } = recorded({ volume: true });
    writeSmall(writer, ['a', 'b', 'd/c']);
    writer.commitReady();
    expect(steps()).toEqual([
      'sync a',
      'sync b',
      'sync c',
      'rename a',
      'rename b',
      'rename c',
      'sync directory',
      'sync directory',
    ]);
  });

  it('are made durable by a sync of it when they were closed meanwhile: it alone knows of a loss by then', () => {
    const { writer, steps } = recorded({ volume: true, maxOpenHandles: 1 });
    writer.addEntries(0, [file('large', 2 * BLOCK_BYTES), file('other', 0)]);
    writeLarge(writer, 0);
    writer.commitReady();
    expect(steps(/large|volume/)).toEqual(['write large', 'sync volume', 'close large']);
    writeLarge(writer, 1);
    expect(codes(writer.commitReady())).toEqual(['none']);
    expect(steps(/^(sync|rename)/)).toEqual(['sync volume', 'rename large', 'sync directory']);
  });

  it('fail when it lost something while other names were made durable, and they had been closed', () => {
    const { root, writer, fail } = recorded({ volume: true, maxOpenHandles: 1 });
    writer.addEntries(0, [
      file('large', 2 * BLOCK_BYTES),
      ...names('d', 9).map((path) => file(`${path}/f`, 0)),
    ]);
    writeLarge(writer, 0);
    fail('sync volume', 1);
    writer.commitReady();
    writeLarge(writer, 1);
    expect(codes(writer.commitReady())).toEqual(['io-error']);
    expect(readdirSync(root)).not.toContain('large');
  });
});

describe('files without a volume', () => {
  it('are synced before they are closed, and named without being opened again', () => {
    const { writer, steps } = recorded({ volume: false, maxOpenHandles: 4 });
    const paths = names('f', 30);
    writeSmall(writer, paths);
    expect(codes(writer.commitReady())).toEqual(paths.map(() => 'none'));
    const log = steps(/./).filter((step) => !step.endsWith('directory'));
    for (const path of paths) {
      expect(log.filter((step) => step.endsWith(` ${path}`))).toEqual(
        ['write', 'sync', 'close', 'rename'].map((step) => `${step} ${path}`),
      );
    }
  });

  it('fail by name when that sync fails, with nobody there to be told', () => {
    const { root, writer, fail } = recorded({ volume: false, maxOpenHandles: 4 });
    fail('sync f3');
    const paths = names('f', 30);
    writeSmall(writer, paths);
    expect(codes(writer.commitReady())).toEqual(paths.map((_, at) => (at === 3 ? 'io-error' : 'none')));
    expect(readdirSync(root)).toHaveLength(29);
  });

  it('are not synced when they are given up', () => {
    const { writer, steps } = recorded({ volume: false });
    writer.addEntries(0, [file('large', 2 * BLOCK_BYTES)]);
    writeLarge(writer, 0);
    writer.failEntry(0, 'source-changed', '');
    expect(steps(/^sync/)).toEqual([]);
  });
});

describe('a large file', () => {
  it('is on its way to the disk long before its end', () => {
    const { root, writer, steps } = recorded({ volume: true });
    writer.addEntries(0, [file('large', 20 * BLOCK_BYTES)]);
    writer.endManifest(1);
    writeLarge(writer, 0, 20);
    expect(codes(writer.commitReady())).toEqual(['none']);
    expect(steps(/large/).join(' ').replaceAll(' large', '')).toBe(
      `${'write '.repeat(8)}continueWriteBack ${'write '.repeat(8)}continueWriteBack ${'write '.repeat(4)}sync close rename`,
    );
    expect(readFileSync(`${root}/large`).equals(Buffer.alloc(20 * BLOCK_BYTES))).toBe(true);
  });

  it('of a GiB does not stay in memory, where it would push out what others have there', () => {
    const { writer, steps } = recorded({ volume: true });
    writer.addEntries(0, [file('huge', 2 ** 30)]);
    writeLarge(writer, 0, 32);
    const drops = steps(/dropFromCache|continueWriteBack/).map((step) => step.split(' ')[0]);
    const [start, drop] = ['continueWriteBack', 'dropFromCache'];
    expect(drops).toEqual([start, start, start, drop, start, drop]);
    writer.abort();
  });

  it('fails by name when the system tells meanwhile that something of it is lost', () => {
    const { root, writer, fail } = recorded({ volume: true });
    fail('continueWriteBack large');
    writer.addEntries(0, [file('large', 9 * BLOCK_BYTES)]);
    writer.endManifest(1);
    expect(codes(writeLarge(writer, 0, 9))).toEqual(['io-error']);
    expect(writer.settled).toBe(true);
    expect(readdirSync(root)).toEqual([]);
  });
});
