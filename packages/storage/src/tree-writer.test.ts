import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createTargetResolver, type ManifestEntry } from '@jetstream/manifest';
import { BLOCK_BYTES, type ErrorCode } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { openStorage } from './node-file-system.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import type { Fault } from './testing/fake/fault.ts';
import type { Operation } from './testing/fake/operation-log.ts';
import type { Errno } from './testing/fake/system-error.ts';
import { temporaryDirectories } from './testing/temporary-directory.ts';
import {
  createTreeWriter,
  type EntryResult,
  type TreeWriter,
  type TreeWriterOptions,
} from './tree-writer.ts';

const temporaryDirectory = temporaryDirectories();
const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({});

const OPTIONS = { blake3, resolve, transferId: 't', maxEntries: 100, umask: 0o022 };

function writerInto(root: string, options: Partial<TreeWriterOptions> = {}): TreeWriter {
  return createTreeWriter({ ...OPTIONS, fileSystem: openStorage({ sandboxRoot: root }), ...options });
}

/** A writer to a machine on which something goes wrong, and what somebody else sees there. */
function failing(fault: Fault, options: Partial<TreeWriterOptions> = {}) {
  const machine = new FakeMachine();
  machine.faults.add(fault);
  const writer = createTreeWriter({ ...OPTIONS, fileSystem: machine.start(), ...options });
  return { writer, surroundings: fakeSurroundings(machine) };
}

function namesBeneath(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
}

function file(targetPath: string, size: number, rest: Partial<ManifestEntry> = {}): ManifestEntry {
  const time = { mtimeSeconds: 1_700_000_000, mtimeNanoseconds: 0 };
  return { kind: 'file', targetPath, size, ...time, executable: false, sourceInode: 1, ...rest };
}

function directory(targetPath: string): ManifestEntry {
  return { ...file(targetPath, 0), kind: 'directory', sourceInode: 0 };
}

/** One block of small files, one letter each; `wrong` names those whose digest does not agree. */
function block(letters: string, wrong = ''): [Uint8Array, Uint8Array] {
  const digests = [...letters].map((letter) =>
    blake3(Buffer.from(wrong.includes(letter) ? 'other' : letter)),
  );
  return [Buffer.from(letters), Buffer.concat(digests)];
}

function outcomes(results: readonly EntryResult[]): [number, ErrorCode][] {
  return results.map(({ index, code }): [number, ErrorCode] => [index, code]).sort(([a], [b]) => a - b);
}

/** A manifest of small files, each with its letter as its content, and the block with them, up to the commit. */
function writeLetters(writer: TreeWriter, names: readonly string[]): EntryResult[] {
  const entries = names.map((name) => file(name, 1));
  const { results } = writer.addEntries(0, entries);
  writer.endManifest(entries.length);
  const letters = 'abcdefghijklmnopqrstuvwxyz'.slice(0, names.length);
  return [...results, ...writer.writeBlock(0, ...block(letters)).results, ...writer.commitReady().results];
}

describe('createTreeWriter', () => {
  it('[TR-2] refuses batches out of order, more entries than allowed, and an end that does not agree', () => {
    const violation = expect.objectContaining({ code: 'protocol-violation' });
    const writer = writerInto(temporaryDirectory(), { maxEntries: 3 });
    expect(() => writer.addEntries(1, [file('a', 1)])).toThrow(violation);
    writer.addEntries(0, [file('a', 1)]);
    expect(() => writer.addEntries(0, [file('b', 1)])).toThrow(violation);
    expect(() => writer.addEntries(1, [file('b', 1), file('c', 1), file('d', 1)])).toThrow(
      expect.objectContaining({ code: 'limit-exceeded' }),
    );
    expect(() => writer.endManifest(2)).toThrow(violation);
    writer.endManifest(1);
    expect(() => writer.addEntries(1, [file('b', 1)])).toThrow(violation);
    expect(() => writer.endManifest(1)).toThrow(violation);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])(
    '[TR-2] refuses an entry of size %d',
    (size) => {
      const writer = writerInto(temporaryDirectory());
      expect(() => writer.addEntries(0, [file('a', size)])).toThrow(/size/);
    },
  );

  it('[TR-2] refuses files that together pass 2^53 bytes', () => {
    const writer = writerInto(temporaryDirectory());
    const entries = [file('a', 2 ** 52), file('b', 2 ** 52)];
    expect(() => writer.addEntries(0, entries)).toThrow(expect.objectContaining({ code: 'limit-exceeded' }));
  });

  it('refuses times that are none', () => {
    for (const time of [{ mtimeNanoseconds: 1e9 }, { mtimeNanoseconds: -1 }, { mtimeSeconds: 2 ** 63 }]) {
      const writer = writerInto(temporaryDirectory());
      expect(() => writer.addEntries(0, [file('a', 1, time)])).toThrow(/time/);
    }
  });

  it('announces a file of 2^52 bytes in one run and takes no memory for it', () => {
    const { sealedBlocks } = writerInto(temporaryDirectory()).addEntries(0, [file('a', 2 ** 52)]);
    expect(sealedBlocks).toEqual([{ block: 0, count: 2 ** 32, byteLength: BLOCK_BYTES }]);
  });

  it('[TR-1] refuses a path that leads out by name; the other files go on', () => {
    const root = temporaryDirectory();
    const writer = writerInto(root);
    const results = writeLetters(writer, ['a', '../b', 'c\0', 'd', '.x.jspart-1']);
    expect(outcomes(results)).toEqual([
      [0, 'none'],
      [1, 'path-refused'],
      [2, 'name-invalid'],
      [3, 'none'],
      [4, 'path-refused'],
    ]);
    expect(results.find(({ index }) => index === 1)?.target).toBe('../b');
    expect(writer.settled).toBe(true);
    expect(writer.finish()).toMatchObject({ writtenBytes: 2, durableBytes: 2, filesDone: 2, failed: 3 });
    expect(namesBeneath(root)).toEqual(['a', 'd']);
    expect(readFileSync(`${root}/d`, 'utf8')).toBe('d');
  });

  it('refuses the second of two entries with one name', () => {
    const root = temporaryDirectory();
    const results = writeLetters(writerInto(root), ['x', './x', 'y/z', 'y', 'x/w']);
    expect(outcomes(results)).toEqual([
      [0, 'none'],
      [1, 'already-exists'],
      [2, 'none'],
      [3, 'is-a-directory'],
      [4, 'not-a-directory'],
    ]);
    expect(readFileSync(`${root}/x`, 'utf8')).toBe('a');
  });

  it('takes a directory named again, before or after what is in it, and refuses one with the name of a file', () => {
    const root = temporaryDirectory();
    const writer = writerInto(root);
    const entries = [
      file('a/b/c', 0),
      directory('a'),
      directory('a'),
      directory('a/b/c'),
      directory('empty/deep'),
    ];
    const { results } = writer.addEntries(0, entries);
    writer.endManifest(entries.length);
    results.push(...writer.commitReady().results);
    expect(outcomes(results)).toEqual([
      [0, 'none'],
      [1, 'none'],
      [2, 'none'],
      [3, 'not-a-directory'],
      [4, 'none'],
    ]);
    expect(namesBeneath(root)).toEqual(['a', 'a/b', 'a/b/c', 'empty', 'empty/deep']);
  });

  it('makes a path of two thousand directories', () => {
    const root = temporaryDirectory();
    const path = `${'d/'.repeat(1900)}f`;
    const results = writeLetters(writerInto(root), [path]);
    expect(outcomes(results)).toEqual([[0, 'none']]);
    execFileSync('rm', ['-rf', `${root}/d`]);
  });

  it.each(['', 'a/b', '..', 'x'.repeat(33)])('refuses the transfer id %j', (transferId) => {
    expect(() => writerInto(temporaryDirectory(), { transferId })).toThrow(/transfer id/);
  });

  it('gives the digest of each file', () => {
    const results = writeLetters(writerInto(temporaryDirectory()), ['a']);
    expect(Buffer.from(results[0]!.digest)).toEqual(Buffer.from(blake3(Buffer.from('a'))));
    expect(results[0]).toMatchObject({ kind: 'file', target: '/a', bytes: 1, message: '' });
  });
});

describe('content', () => {
  it('[DI-1] stands under its final name only after every chunk agreed, and until then in a private partial', () => {
    const root = temporaryDirectory();
    const writer = writerInto(root);
    const bytes = new Uint8Array(BLOCK_BYTES);
    const digest = blake3(bytes);
    writer.addEntries(0, [file('big', 2 * BLOCK_BYTES)]);
    writer.endManifest(1);
    writer.writeBlock(1, bytes, digest);
    expect(writer.commitReady().results).toEqual([]);
    expect(readdirSync(root)).toEqual(['.big.jspart-t-0']);
    expect(statSync(`${root}/.big.jspart-t-0`).mode & 0o777).toBe(0o600);
    writer.writeBlock(0, bytes, digest);
    expect(readdirSync(root)).toEqual(['.big.jspart-t-0']);
    expect(outcomes(writer.commitReady().results)).toEqual([[0, 'none']]);
    expect(readdirSync(root)).toEqual(['big']);
    expect(statSync(`${root}/big`)).toMatchObject({ size: 2 * BLOCK_BYTES, mtimeMs: 1_700_000_000_000 });
  });

  it('[DI-2] is asked for once more when a digest does not agree, and fails by name the second time', () => {
    const root = temporaryDirectory();
    const writer = writerInto(root);
    writer.addEntries(0, [file('a', 1), file('b', 1), file('c', 1)]);
    writer.endManifest(3);
    expect(writer.writeBlock(0, ...block('abc', 'b'))).toEqual({
      wantedChunks: [1],
      again: true,
      results: [],
    });
    expect(outcomes(writer.commitReady().results)).toEqual([
      [0, 'none'],
      [2, 'none'],
    ]);
    const second = writer.writeBlock(0, ...block('b', 'b'), Uint8Array.of(0, 1, 0));
    expect(second.wantedChunks).toEqual([]);
    expect(outcomes(second.results)).toEqual([[1, 'digest-mismatch']]);
    expect(second.results[0]?.message).toContain('/b');
    expect(readdirSync(root).sort()).toEqual(['a', 'c']);
  });

  it('[DI-2] is good when it agrees the second time', () => {
    const writer = writerInto(temporaryDirectory());
    writer.addEntries(0, [file('a', 1)]);
    writer.endManifest(1);
    expect(writer.writeBlock(0, ...block('a', 'a')).wantedChunks).toEqual([0]);
    expect(writer.writeBlock(0, ...block('a')).wantedChunks).toEqual([]);
    expect(outcomes(writer.commitReady().results)).toEqual([[0, 'none']]);
  });

  it('[PL-3] that is offered is asked for, and comes as if for the first time', () => {
    const writer = writerInto(temporaryDirectory());
    writer.addEntries(0, [file('a', 1), file('b', 1), file('c', 1)]);
    writer.endManifest(3);
    const [, digests] = block('ac');
    const offered = writer.writeBlock(0, new Uint8Array(0), digests, Uint8Array.of(2, 0, 2));
    expect(offered).toEqual({ wantedChunks: [0, 2], again: false, results: [] });
    expect(writer.writeBlock(0, ...block('ac', 'a'), Uint8Array.of(1, 0, 1))).toMatchObject({
      wantedChunks: [0],
      again: true,
    });
    writer.writeBlock(0, ...block('a'), Uint8Array.of(1, 0, 0));
    expect(outcomes(writer.commitReady().results)).toEqual([
      [0, 'none'],
      [2, 'none'],
    ]);
  });

  it('that is offered beside content which came is asked for once, with what of that disagrees', () => {
    const writer = writerInto(temporaryDirectory());
    writer.addEntries(0, [file('a', 1), file('b', 1)]);
    writer.endManifest(2);
    const first = writer.writeBlock(0, Buffer.from('a'), block('ab')[1], Uint8Array.of(1, 2));
    expect(first).toMatchObject({ wantedChunks: [1], again: false });
    const second = writer.writeBlock(0, ...block('b', 'b'), Uint8Array.of(0, 1));
    expect(outcomes(second.results)).toEqual([[1, 'digest-mismatch']]);
  });

  it('[PL-6] that is a hole takes its place, also at the end of its file', () => {
    const root = temporaryDirectory();
    const writer = writerInto(root);
    const bytes = new Uint8Array(BLOCK_BYTES).fill(1);
    writer.addEntries(0, [file('sparse', 3 * BLOCK_BYTES + 5)]);
    writer.endManifest(1);
    expect(writer.addHoles(0, 0, 1).results).toEqual([]);
    writer.writeBlock(1, bytes, blake3(bytes));
    expect(writer.addHoles(0, 2, 2).results).toEqual([]);
    expect(writer.addHoles(0, 0, 4).results).toEqual([]);
    expect(writer.readyEntries).toBe(1);
    const [result] = writer.commitReady().results;
    const zeros = new Uint8Array(BLOCK_BYTES);
    const expected = Buffer.alloc(3 * BLOCK_BYTES + 5);
    expected.set(bytes, BLOCK_BYTES);
    expect(readFileSync(`${root}/sparse`).equals(expected)).toBe(true);
    const digests = [zeros, bytes, zeros, new Uint8Array(5)].map((chunk) => blake3(chunk));
    expect(result?.digest).toEqual(blake3(Buffer.concat(digests)));
    expect(writer.progress.writtenBytes).toBe(expected.length);
  });

  it('[PL-6] that is a hole outside of its file, or of no file, is a violation', () => {
    const violation = expect.objectContaining({ code: 'protocol-violation' });
    const writer = writerInto(temporaryDirectory());
    writer.addEntries(0, [file('a', 2 * BLOCK_BYTES), file('empty', 0)]);
    for (const [index, firstChunk, chunks] of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 1],
      [2, 0, 1],
    ] as const)
      expect(() => writer.addHoles(index, firstChunk, chunks)).toThrow(violation);
  });

  it('is written once, however often its block comes', () => {
    const writer = writerInto(temporaryDirectory());
    const bytes = new Uint8Array(BLOCK_BYTES);
    writer.addEntries(0, [file('big', 2 * BLOCK_BYTES)]);
    writer.endManifest(1);
    writer.writeBlock(0, bytes, blake3(bytes));
    writer.writeBlock(0, bytes, blake3(bytes));
    expect(writer.progress.writtenBytes).toBe(BLOCK_BYTES);
    expect(writer.readyEntries).toBe(0);
  });

  it('of a block that nobody knows, or needs any more, is dropped', () => {
    const writer = writerInto(temporaryDirectory());
    const nothing = { wantedChunks: [], again: false, results: [] };
    expect(writer.writeBlock(7, ...block('a'))).toEqual(nothing);
    writeLetters(writer, ['../a']);
    expect(writer.writeBlock(0, ...block('a'))).toEqual(nothing);
  });

  it('[PL-7] or digests or uses of a wrong length are a violation', () => {
    const writer = writerInto(temporaryDirectory());
    writer.addEntries(0, [file('a', 1), file('b', 1)]);
    writer.endManifest(2);
    const [bytes, digests] = block('ab');
    expect(() => writer.writeBlock(0, bytes, digests.subarray(1))).toThrow(/digests/);
    expect(() => writer.writeBlock(0, bytes, block('a')[1])).toThrow(/digests/);
    expect(() => writer.writeBlock(0, bytes.subarray(1), digests)).toThrow(/length/);
    expect(() => writer.writeBlock(0, bytes, digests, Uint8Array.of(1))).toThrow(/chunks/);
    expect(() => writer.writeBlock(0, bytes, digests, Uint8Array.of(1, 2))).toThrow(/length/);
    expect(() => writer.writeBlock(0, bytes, digests, Uint8Array.of(1, 0))).toThrow(/digests/);
  });

  it('that the sender cannot send fails its file, and leaves no partial', () => {
    const root = temporaryDirectory();
    const writer = writerInto(root);
    const bytes = new Uint8Array(BLOCK_BYTES);
    writer.addEntries(0, [file('big', 2 * BLOCK_BYTES), file('small', 0)]);
    writer.endManifest(2);
    writer.writeBlock(0, bytes, blake3(bytes));
    const results = writer.failEntry(0, 'source-changed', 'it \x1b[31mchanged');
    expect(results).toEqual([
      expect.objectContaining({ index: 0, code: 'source-changed', message: 'it \\x1b[31mchanged' }),
    ]);
    expect(readdirSync(root)).toEqual(['.small.jspart-t-1']);
    expect(writer.failEntry(0, 'source-changed', '')).toEqual([]);
    expect(() => writer.failEntry(2, 'source-changed', '')).toThrow(
      expect.objectContaining({ code: 'protocol-violation' }),
    );
    writer.writeBlock(1, bytes, blake3(bytes));
    expect(outcomes(writer.commitReady().results)).toEqual([[1, 'none']]);
  });

  it('that was complete is dropped when the sender takes it back before the commit', () => {
    const root = temporaryDirectory();
    const writer = writerInto(root);
    writer.addEntries(0, [file('a', 1)]);
    writer.endManifest(1);
    writer.writeBlock(0, ...block('a'));
    writer.failEntry(0, 'source-changed', '');
    expect(writer.commitReady().results).toEqual([]);
    expect(readdirSync(root)).toEqual([]);
  });

  it('unfinished goes away when the transfer is given up', () => {
    const root = temporaryDirectory();
    const writer = writerInto(root);
    writer.addEntries(0, [file('a', 1), file('b', 1)]);
    writer.writeBlock(0, ...block('ab'));
    expect(readdirSync(root)).toHaveLength(2);
    writer.abort();
    expect(readdirSync(root)).toEqual([]);
  });

  it('is committed as many files at a time as asked for', () => {
    const writer = writerInto(temporaryDirectory());
    writer.addEntries(0, [file('a', 0), file('b', 0), file('c', 0)]);
    writer.endManifest(3);
    expect(writer.commitReady(2).results).toHaveLength(2);
    expect(writer.readyEntries).toBe(1);
    expect(writer.settled).toBe(false);
    expect(() => writer.finish()).toThrow(/without a result/);
    expect(writer.commitReady(2).results).toHaveLength(1);
    expect(writer.settled).toBe(true);
  });
});

describe('modes', () => {
  it('follow the executable bit and the umask', () => {
    const root = temporaryDirectory();
    const writer = writerInto(root, { umask: 0o027 });
    writer.addEntries(0, [file('plain', 0), file('tool', 0, { executable: true })]);
    writer.endManifest(2);
    writer.commitReady();
    expect(statSync(`${root}/plain`).mode & 0o7777).toBe(0o640);
    expect(statSync(`${root}/tool`).mode & 0o7777).toBe(0o750);
  });

  it('do not let more people at a file that is replaced, and take no setuid bit over', () => {
    const root = temporaryDirectory();
    for (const [name, mode] of [
      ['key', 0o600],
      ['shared', 0o664],
      ['tool', 0o4640],
    ] as const) {
      writeFileSync(`${root}/${name}`, 'old');
      chmodSync(`${root}/${name}`, mode);
    }
    const writer = writerInto(root);
    writer.addEntries(0, [file('key', 0), file('shared', 0), file('tool', 0, { executable: true })]);
    writer.endManifest(3);
    writer.commitReady();
    const modes = ['key', 'shared', 'tool'].map((name) =>
      (statSync(`${root}/${name}`).mode & 0o7777).toString(8),
    );
    expect(modes).toEqual(['600', '664', '750']);
  });
});

describe('what stands at the target', () => {
  it('is replaced if it is a file', () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/a`, 'old content');
    writeLetters(writerInto(root), ['a']);
    expect(readFileSync(`${root}/a`, 'utf8')).toBe('a');
  });

  it('is replaced if it is a symlink, and never written through', () => {
    const [root, outside] = [temporaryDirectory(), temporaryDirectory()];
    writeFileSync(`${outside}/victim`, 'precious');
    symlinkSync(`${outside}/victim`, `${root}/a`);
    symlinkSync(outside, `${root}/b`);
    expect(outcomes(writeLetters(writerInto(root), ['a', 'b']))).toEqual([
      [0, 'none'],
      [1, 'none'],
    ]);
    expect(readFileSync(`${outside}/victim`, 'utf8')).toBe('precious');
    expect(lstatSync(`${root}/a`).isFile()).toBe(true);
    expect(lstatSync(`${root}/b`).isFile()).toBe(true);
  });

  it('is refused by name if it is a directory, a FIFO, or in the way of a directory', () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/a`);
    execFileSync('mkfifo', [`${root}/b`]);
    writeFileSync(`${root}/c`, '');
    const results = writeLetters(writerInto(root), ['a', 'b', 'c/x', 'd']);
    expect(outcomes(results)).toEqual([
      [0, 'is-a-directory'],
      [1, 'special-file'],
      [2, 'not-a-directory'],
      [3, 'none'],
    ]);
    for (const { code, message, target } of results)
      if (code !== 'none') expect(message).toContain(target.slice(0, 2));
    expect(readdirSync(root).sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is not reached through a symlink that leads out of the root, at any depth', () => {
    const [root, outside] = [temporaryDirectory(), temporaryDirectory()];
    symlinkSync(outside, `${root}/out`);
    mkdirSync(`${root}/inner`);
    symlinkSync('../../../../../../tmp', `${root}/inner/up`);
    symlinkSync('inner', `${root}/within`);
    const writer = writerInto(root);
    const entries = [
      directory('out/made'),
      directory('out'),
      file('out/f', 0),
      file('inner/up/f', 0),
      file('within/f', 0),
    ];
    const { results } = writer.addEntries(0, entries);
    writer.endManifest(entries.length);
    results.push(...writer.commitReady().results);
    expect(outcomes(results)).toEqual([
      [0, 'path-refused'],
      [1, 'path-refused'],
      [2, 'path-refused'],
      [3, 'path-refused'],
      [4, 'none'],
    ]);
    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync(`${root}/inner/f`)).toBe(true);
  });

  it('is not reached when its directory is replaced by such a symlink meanwhile', () => {
    const [root, outside] = [temporaryDirectory(), temporaryDirectory()];
    const writer = writerInto(root, { maxOpenHandles: 1 });
    const bytes = new Uint8Array(BLOCK_BYTES);
    writer.addEntries(0, [file('sub/big', 2 * BLOCK_BYTES), file('sub/other', 1)]);
    writer.endManifest(2);
    writer.writeBlock(0, bytes, blake3(bytes));
    renameSync(`${root}/sub`, `${root}/moved`);
    symlinkSync(outside, `${root}/sub`);
    const results = [
      ...writer.writeBlock(2, ...block('a')).results,
      ...writer.writeBlock(1, bytes, blake3(bytes)).results,
    ];
    results.push(...writer.commitReady().results);
    expect(outcomes(results)).toEqual([
      [0, 'path-refused'],
      [1, 'path-refused'],
    ]);
    expect(readdirSync(outside)).toEqual([]);
  });
});

describe('an unfinished file', () => {
  it('that somebody replaced is not written on', () => {
    const [root, outside] = [temporaryDirectory(), temporaryDirectory()];
    writeFileSync(`${outside}/victim`, 'precious');
    const writer = writerInto(root, { maxOpenHandles: 1 });
    const bytes = new Uint8Array(BLOCK_BYTES);
    writer.addEntries(0, [file('big', 2 * BLOCK_BYTES), file('other', 1)]);
    writer.endManifest(2);
    writer.writeBlock(0, bytes, blake3(bytes));
    writer.writeBlock(2, ...block('a'));
    rmSync(`${root}/.big.jspart-t-0`);
    execFileSync('ln', [`${outside}/victim`, `${root}/.big.jspart-t-0`]);
    expect(outcomes(writer.writeBlock(1, bytes, blake3(bytes)).results)).toEqual([[0, 'io-error']]);
    expect(readFileSync(`${outside}/victim`, 'utf8')).toBe('precious');
  });

  it('of another transfer is not touched', () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/.a.jspart-t-0`, 'of somebody else');
    expect(outcomes(writeLetters(writerInto(root), ['a']))).toEqual([[0, 'already-exists']]);
    expect(readFileSync(`${root}/.a.jspart-t-0`, 'utf8')).toBe('of somebody else');
  });
});

describe('a failing system', () => {
  const operations: Operation[] = ['create file', 'write', 'sync file', 'rename'];
  const causes: [Errno, ErrorCode][] = [
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'quota-exceeded'],
    ['EROFS', 'read-only'],
    ['EACCES', 'permission-denied'],
    ['EIO', 'io-error'],
  ];

  it.each(operations.flatMap((operation) => causes.map((cause) => [operation, ...cause] as const)))(
    'at "%s" with %s fails that file by name and leaves nothing of it',
    (operation, errno, code) => {
      const { writer, surroundings } = failing({ operation, errno, times: 1 });
      surroundings.write('/a', 'old');
      const results = writeLetters(writer, ['a', 'b']);
      expect(outcomes(results)).toEqual([
        [0, code],
        [1, 'none'],
      ]);
      expect(surroundings.names()).toEqual(['a', 'b']);
      expect(surroundings.read('/a').toString()).toBe('old');
    },
  );

  it('that has no modes and times to set does not fail a file', () => {
    const { writer } = failing({ operation: 'set attributes', errno: 'EPERM' });
    expect(outcomes(writeLetters(writer, ['a']))).toEqual([[0, 'none']]);
  });

  it('fails the files whose names it could not make durable', () => {
    const { writer } = failing({ operation: 'sync directory', errno: 'EIO' });
    writer.addEntries(0, [file('a', 0), directory('d')]);
    writer.endManifest(2);
    expect(outcomes(writer.commitReady().results)).toEqual([
      [0, 'io-error'],
      [1, 'io-error'],
    ]);
  });

  it('fails a directory by name when it cannot be made, and what is in it', () => {
    const { writer } = failing({ operation: 'make directory', errno: 'EROFS' });
    const { results } = writer.addEntries(0, [directory('d'), file('d/x', 0), file('y', 0)]);
    writer.endManifest(3);
    results.push(...writer.commitReady().results);
    expect(outcomes(results)).toEqual([
      [0, 'read-only'],
      [1, 'read-only'],
      [2, 'none'],
    ]);
    expect(results[0]).toMatchObject({ kind: 'directory' });
  });

  it('whose loss shows only at closing (NFS) fails the file', () => {
    const fault: Fault = { operation: 'close file', errno: 'EDQUOT', times: 1 };
    const { writer, surroundings } = failing(fault, { maxOpenHandles: 1 });
    const bytes = new Uint8Array(BLOCK_BYTES);
    writer.addEntries(0, [file('big', 2 * BLOCK_BYTES), file('other', 1)]);
    writer.endManifest(2);
    writer.writeBlock(0, bytes, blake3(bytes));
    writer.writeBlock(2, ...block('a'));
    const { results } = writer.writeBlock(1, bytes, blake3(bytes));
    expect(outcomes(results)).toEqual([[0, 'quota-exceeded']]);
    expect(surroundings.names()).toEqual(['.other.jspart-t-1']);
  });

  it('is not taken for ours: a fault in our own code is thrown on', () => {
    const fault = () => {
      throw new TypeError('a fault of ours');
    };
    const writer = writerInto(temporaryDirectory(), { blake3: Object.assign(fault, { ofParts: fault }) });
    expect(() => writeLetters(writer, ['a'])).toThrow(TypeError);
  });
});
