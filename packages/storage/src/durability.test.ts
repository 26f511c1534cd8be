import { createTargetResolver, type ManifestEntry } from '@jetstream/manifest';
import { BLOCK_BYTES, type ErrorCode } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { FakeMachine, type MachineOptions } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { allLost } from './testing/fake/fate.ts';
import type { Operation } from './testing/fake/operation-log.ts';
import type { Surroundings } from './testing/surroundings.ts';
import { createTreeWriter, type EntryResult, type TreeWriter } from './tree-writer.ts';

const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({});

interface Recorded {
  machine: FakeMachine;
  surroundings: Surroundings;
  writer: TreeWriter;
  /** What was done since it was last asked. */
  steps: (pattern?: RegExp) => string[];
  /** From now on this fails, but for the first so many times. */
  fail: (operation: Operation, path?: RegExp, after?: number) => void;
}

function recorded({
  maxOpenHandles = 32,
  ...options
}: MachineOptions & { maxOpenHandles?: number } = {}): Recorded {
  const machine = new FakeMachine(options);
  const fileSystem = machine.start();
  const writer = createTreeWriter({
    fileSystem,
    blake3,
    resolve,
    transferId: 't',
    maxEntries: 1000,
    maxOpenHandles,
  });
  return {
    machine,
    surroundings: fakeSurroundings(machine),
    writer,
    steps: (pattern = /^(sync|rename)/) => machine.log.take(pattern),
    fail: (operation, path = /./, after = 0) => machine.faults.add({ operation, errno: 'EIO', path, after }),
  };
}

function file(targetPath: string, size: number): ManifestEntry {
  return {
    kind: 'file',
    targetPath,
    size,
    mtimeSeconds: 1,
    mtimeNanoseconds: 0,
    executable: false,
    sourceInode: 1,
  };
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
    const { surroundings, writer, steps } = recorded();
    const paths = names('f', 100);
    writeSmall(writer, paths);
    expect(steps()).toEqual([]);
    expect(codes(writer.commitReady().results)).toEqual(paths.map(() => 'none'));
    expect(steps()).toEqual(['sync volume /', ...paths.map((path) => `rename /${path}`), 'sync directory /']);
    expect(surroundings.names()).toHaveLength(100);
    writer.finish();
    expect(steps(/volume/)).toEqual(['close volume /']);
  });

  it('in many directories have their names made durable by a second sync of it', () => {
    const { writer, steps } = recorded();
    const paths = names('d', 20).map((directory) => `${directory}/f`);
    writeSmall(writer, paths);
    writer.commitReady();
    expect(steps(/^sync/)).toEqual(['sync volume /', 'sync volume /']);
  });

  it('fail by name when it lost something, but for those that were open all the time and tell themselves', () => {
    const { surroundings, writer, steps, fail } = recorded({ maxOpenHandles: 6 });
    const paths = names('f', 20);
    writeSmall(writer, paths);
    fail('sync volume');
    fail('sync file', /f18$/);
    const { results } = writer.commitReady();
    // Five files and the directory are as many as may be open.
    expect(codes(results)).toEqual(paths.map((_, at) => (at < 15 || at === 18 ? 'io-error' : 'none')));
    for (const { code, message, target } of results) if (code !== 'none') expect(message).toContain(target);
    expect(results.find(({ index }) => index === 0)?.message).toContain('/f0: the system lost something');
    expect(steps(/^sync/)).toEqual([
      'sync volume /',
      ...paths.slice(15).map((path) => `sync file /${path}`),
      'sync directory /',
    ]);
    expect(surroundings.names()).toEqual(['f15', 'f16', 'f17', 'f19']);
  });

  it('are synced one by one after it lost something', () => {
    const { writer, steps, fail } = recorded();
    writer.addEntries(
      0,
      names('f', 9).map((path) => file(path, 0)),
    );
    fail('sync volume');
    expect(codes(writer.commitReady().results)).toEqual(names('f', 9).map(() => 'none'));
    steps();
    const later = names('g', 20);
    writer.addEntries(
      9,
      later.map((path) => file(path, 0)),
    );
    expect(codes(writer.commitReady().results)).toEqual(later.map(() => 'none'));
    expect(steps(/^sync/)).toEqual([...later.map((path) => `sync file /${path}`), 'sync directory /']);
  });
});

describe('few files on a volume', () => {
  it('are made durable one by one', () => {
    const { writer, steps } = recorded();
    writeSmall(writer, ['a', 'b', 'd/c']);
    writer.commitReady();
    expect(steps()).toEqual([
      'sync file /a',
      'sync file /b',
      'sync file /d/c',
      'rename /a',
      'rename /b',
      'rename /d/c',
      'sync directory /',
      'sync directory /d',
    ]);
  });

  it('are made durable by a sync of it when they were closed meanwhile: it alone knows of a loss by then', () => {
    const { writer, steps } = recorded({ maxOpenHandles: 1 });
    writer.addEntries(0, [file('large', 2 * BLOCK_BYTES), file('other', 0)]);
    writeLarge(writer, 0);
    writer.commitReady();
    expect(steps(/^(write|close file|sync volume)/)).toEqual([
      'close file /other',
      'write /large',
      'sync volume /',
      'close file /large',
    ]);
    writeLarge(writer, 1);
    expect(codes(writer.commitReady().results)).toEqual(['none']);
    expect(steps()).toEqual(['sync volume /', 'rename /large', 'sync directory /']);
  });

  it('fail when it lost something while other names were made durable, and they had been closed', () => {
    const { surroundings, writer, fail } = recorded({ maxOpenHandles: 1 });
    writer.addEntries(0, [
      file('large', 2 * BLOCK_BYTES),
      ...names('d', 9).map((path) => file(`${path}/f`, 0)),
    ]);
    writeLarge(writer, 0);
    fail('sync volume', /./, 1);
    writer.commitReady();
    writeLarge(writer, 1);
    expect(codes(writer.commitReady().results)).toEqual(['io-error']);
    expect(surroundings.names()).not.toContain('large');
  });
});

describe('files without a volume', () => {
  it('are synced before they are closed, and named without being opened again', () => {
    const { writer, steps } = recorded({ syncable: false, maxOpenHandles: 4 });
    const paths = names('f', 30);
    writeSmall(writer, paths);
    expect(codes(writer.commitReady().results)).toEqual(paths.map(() => 'none'));
    const log = steps(/^(write|sync|close file|rename)/);
    for (const path of paths) {
      expect(log.filter((step) => step.endsWith(`/${path}`))).toEqual(
        ['write', 'sync file', 'close file', 'rename'].map((step) => `${step} /${path}`),
      );
    }
  });

  it('fail by name when that sync fails, with nobody there to be told', () => {
    const { surroundings, writer, fail } = recorded({ syncable: false, maxOpenHandles: 4 });
    fail('sync file', /f3$/);
    const paths = names('f', 30);
    writeSmall(writer, paths);
    expect(codes(writer.commitReady().results)).toEqual(
      paths.map((_, at) => (at === 3 ? 'io-error' : 'none')),
    );
    expect(surroundings.names()).toHaveLength(29);
  });

  it('are not synced when they are given up', () => {
    const { writer, steps } = recorded({ syncable: false });
    writer.addEntries(0, [file('large', 2 * BLOCK_BYTES)]);
    writeLarge(writer, 0);
    writer.failEntry(0, 'source-changed', '');
    expect(steps(/^sync/)).toEqual([]);
  });
});

describe('a large file', () => {
  it('is on its way to the disk long before its end', () => {
    const { surroundings, writer, steps } = recorded();
    writer.addEntries(0, [file('large', 20 * BLOCK_BYTES)]);
    writer.endManifest(1);
    writeLarge(writer, 0, 20);
    expect(codes(writer.commitReady().results)).toEqual(['none']);
    const eight = [...Array<string>(8).fill('write'), 'start write-back'];
    const four = eight.slice(0, 4);
    expect(
      steps(/^(write|start|sync|close|rename).* \/large/).map((step) => step.replace(' /large', '')),
    ).toEqual([...eight, ...eight, ...four, 'sync file', 'close file', 'rename']);
    expect(surroundings.read('/large').equals(Buffer.alloc(20 * BLOCK_BYTES))).toBe(true);
  });

  it('of a GiB does not stay in memory, where it would push out what others have there', () => {
    const { writer, steps } = recorded();
    writer.addEntries(0, [file('huge', 2 ** 30)]);
    writeLarge(writer, 0, 32);
    const drops = steps(/^(drop|start)/);
    const [start, drop] = ['start write-back /huge', 'drop from cache /huge'];
    expect(drops).toEqual([start, start, start, drop, start, drop]);
    writer.abort();
  });

  it('fails by name when the system tells meanwhile that something of it is lost', () => {
    const { surroundings, writer, fail } = recorded();
    fail('start write-back');
    writer.addEntries(0, [file('large', 9 * BLOCK_BYTES)]);
    writer.endManifest(1);
    expect(codes(writeLarge(writer, 0, 9))).toEqual(['io-error']);
    expect(writer.settled).toBe(true);
    expect(surroundings.names()).toEqual([]);
  });
});

describe('a directory that was there', () => {
  it('has its name made durable with what is put into it: who made it may have been killed before he did so', () => {
    const { surroundings, writer, steps } = recorded();
    surroundings.makeDirectory('/a/b');
    writeSmall(writer, ['a/b/c', 'a/b/d']);
    writer.commitReady();
    expect(steps(/^sync dir/).sort()).toEqual([
      'sync directory /',
      'sync directory /a',
      'sync directory /a/b',
    ]);
  });
});

describe('a directory above that cannot be read', () => {
  it('does not keep the files beneath it from being synced by their volume', () => {
    const { surroundings, writer, steps } = recorded();
    surroundings.makeDirectory('/home/alice');
    surroundings.setMode('/home', 0o711 & ~0o444);
    const paths = names('home/alice/f', 20);
    writeSmall(writer, paths);
    expect(codes(writer.commitReady().results)).toEqual(paths.map(() => 'none'));
    expect(steps(/^sync (file|volume)/)).toEqual(['sync volume /home/alice']);
  });
});

describe('a disk that loses what it took', () => {
  it.each([
    ['as a whole, which tells of none that it is good', true],
    ['file by file', false],
  ])('fails every file that it may have lost, by name, synced %s', (_, syncable) => {
    const { machine, surroundings, writer } = recorded({ diskBytes: 60 * 4096, syncable, maxOpenHandles: 8 });
    const paths = names('f', 100);
    writeSmall(writer, paths);
    const results: EntryResult[] = [];
    while (writer.readyEntries > 0) results.push(...writer.commitReady(20).results);
    const done = results.filter(({ code }) => code === 'none').map(({ target }) => target.slice(1));
    expect(results).toHaveLength(100);
    expect(done.length).toBe(syncable ? 0 : 60);
    machine.crash(allLost);
    expect(surroundings.names().filter((name) => name.startsWith('f'))).toEqual(done.sort());
    for (const name of done) expect(surroundings.read(`/${name}`).toString(), name).toBe('x');
  });
});
