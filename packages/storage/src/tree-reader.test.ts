import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { BLOCK_BYTES, type ErrorCode } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { openStorage } from './node-file-system.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import type { Operation } from './testing/fake/operation-log.ts';
import type { Errno } from './testing/fake/system-error.ts';
import { temporaryDirectories } from './testing/temporary-directory.ts';
import {
  createTreeReader,
  type ReaderBatch,
  type TreeReader,
  type TreeReaderOptions,
} from './tree-reader.ts';

const temporaryDirectory = temporaryDirectories();
const blake3 = await loadBlake3();

interface Sending {
  root: string;
  reader: TreeReader;
  batch: ReaderBatch;
  /** Index of an entry by its target. */
  indexOf(target: string): number;
}

/** Scans a directory as `t`, made by `fill`. */
function sending(fill: (root: string) => void, options: Partial<TreeReaderOptions> = {}): Sending {
  const root = temporaryDirectory();
  fill(root);
  const fileSystem = openStorage({ sandboxRoot: root });
  const mappings = [{ source: '/', target: 't' }];
  const reader = createTreeReader({ fileSystem, blake3, mappings, symlinks: 'follow', ...options });
  const batch = reader.nextBatch(1000);
  expect(batch.done).toBe(true);
  return {
    root,
    reader,
    batch,
    indexOf: (target) => batch.entries.findIndex(({ targetPath }) => targetPath === target),
  };
}

function read(reader: TreeReader, block = 0) {
  const memory = new Uint8Array(BLOCK_BYTES).fill(0xee);
  const result = reader.readBlock(block, memory);
  return { ...result, bytes: memory.subarray(0, result.byteLength) };
}

describe('createTreeReader', () => {
  it('gives entries, totals and the blocks that are fully known', () => {
    const { batch } = sending((root) => {
      writeFileSync(`${root}/big`, Buffer.alloc(2 * BLOCK_BYTES + 5));
      mkdirSync(`${root}/empty`);
    });
    expect(batch.entries.map(({ kind, targetPath, size }) => [kind, targetPath, size]).sort()).toEqual([
      ['directory', 't', 0],
      ['directory', 't/empty', 0],
      ['file', 't/big', 2 * BLOCK_BYTES + 5],
    ]);
    expect(batch.totals).toEqual({ entries: 3, files: 1, bytes: 2 * BLOCK_BYTES + 5 });
    expect(batch.sealedBlocks).toEqual([
      { block: 0, count: 2, byteLength: BLOCK_BYTES },
      { block: 2, count: 1, byteLength: 5 },
    ]);
  });

  it('counts entries on from batch to batch', () => {
    const root = temporaryDirectory();
    for (let at = 0; at < 25; at++) writeFileSync(`${root}/${at}`, 'x');
    const reader = createTreeReader({
      fileSystem: openStorage({ sandboxRoot: root }),
      blake3,
      mappings: [{ source: '/', target: 't' }],
      symlinks: 'ignore',
    });
    let next = 0;
    for (let done = false; !done; ) {
      const batch = reader.nextBatch(7);
      expect(batch.firstIndex).toBe(next);
      next += batch.entries.length;
      done = batch.done;
    }
    expect(next).toBe(26);
  });

  it('reads several small files into one block, with a digest of each', () => {
    const { reader, batch } = sending((root) => {
      for (const name of ['a', 'b', 'c']) writeFileSync(`${root}/${name}`, `content of ${name}`);
    });
    const files = batch.entries
      .filter(({ kind }) => kind === 'file')
      .map(({ targetPath }) => targetPath.slice(2));
    const { bytes, digests, failures, begun } = read(reader);
    expect(Buffer.from(bytes).toString()).toBe(files.map((name) => `content of ${name}`).join(''));
    const expected = files.map((name) => blake3(Buffer.from(`content of ${name}`)));
    expect(Buffer.from(digests)).toEqual(Buffer.concat(expected));
    expect(failures).toEqual([]);
    expect(begun).toBe(`/${files[0]}`);
  });

  it('says by name what it cannot find, and goes on', () => {
    const { batch } = sending((root) => writeFileSync(`${root}/a`, ''), {
      mappings: [
        { source: 'none', target: 'x' },
        { source: 'a', target: 'y' },
        { source: '../a', target: 'z' },
      ],
    });
    expect(batch.problems.map(({ source, code }) => [source, code])).toEqual([
      ['none', 'not-found'],
      ['../a', 'path-refused'],
    ]);
    expect(batch.problems[0]?.message).toContain('none');
    expect(batch.entries.map(({ targetPath }) => targetPath)).toEqual(['y']);
  });

  it('refuses a FIFO, a device and a symlink out of the root by name', () => {
    const { batch } = sending((root) => {
      execFileSync('mkfifo', [`${root}/fifo`]);
      symlinkSync('/dev/zero', `${root}/zero`);
      symlinkSync('/etc/passwd', `${root}/passwd`);
      symlinkSync('loop', `${root}/loop`);
    });
    expect(batch.problems.map(({ source, code }) => [source, code]).sort()).toEqual([
      ['/fifo', 'special-file'],
      ['/loop', 'path-refused'],
      ['/passwd', 'path-refused'],
      ['/zero', 'path-refused'],
    ]);
  });

  it('sends what a symlink leads to, or leaves it out', () => {
    const fill = (root: string) => {
      writeFileSync(`${root}/real`, 'abc');
      symlinkSync('real', `${root}/link`);
    };
    const followed = sending(fill);
    expect(followed.indexOf('t/link')).toBeGreaterThan(0);
    expect(Buffer.from(read(followed.reader).bytes).toString()).toBe('abcabc');
    expect(sending(fill, { symlinks: 'ignore' }).indexOf('t/link')).toBe(-1);
  });

  it('tells what an entry is until it is settled', () => {
    const { reader, indexOf } = sending((root) => {
      mkdirSync(`${root}/d`);
      writeFileSync(`${root}/d/f`, 'abc');
    });
    const index = indexOf('t/d/f');
    const described = { kind: 'file', source: '/d/f', target: 't/d/f', bytes: 3 };
    expect(reader.describe(index)).toEqual(described);
    expect(reader.entrySettled(index)).toEqual(described);
    expect(reader.entrySettled(index)).toBeUndefined();
    expect(reader.entrySettled(indexOf('t/d'))).toMatchObject({ kind: 'directory', source: '/d' });
    expect(reader.entrySettled(99)).toBeUndefined();
  });

  it('wants a block until its files are settled', () => {
    const { reader, indexOf } = sending((root) => {
      writeFileSync(`${root}/a`, 'a');
      writeFileSync(`${root}/b`, 'b');
    });
    reader.entrySettled(indexOf('t/a'));
    expect(read(reader).bytes).toHaveLength(1);
    reader.entrySettled(indexOf('t/b'));
    expect(read(reader).bytes).toHaveLength(0);
    expect(read(reader, 5).bytes).toHaveLength(0);
  });

  it('reads nothing of settled files when their block goes again', () => {
    const { reader, indexOf, root } = sending((root) => {
      writeFileSync(`${root}/a`, 'a');
      writeFileSync(`${root}/b`, 'b');
    });
    read(reader);
    reader.entrySettled(indexOf('t/a'));
    rmSync(`${root}/a`);
    const { bytes, failures } = read(reader);
    expect(failures).toEqual([]);
    expect([...bytes]).toEqual([0x62]);
  });
});

describe('a source that changes while it is sent', () => {
  const changes: [string, (path: string) => void, ErrorCode][] = [
    ['grows', (path) => appendFileSync(path, 'more'), 'source-changed'],
    ['shrinks', (path) => truncateSync(path, 1), 'source-changed'],
    ['is touched', (path) => utimesSync(path, 1, 1), 'source-changed'],
    ['vanishes', (path) => rmSync(path), 'not-found'],
    [
      'is replaced by an equal one',
      (path) => {
        writeFileSync(`${path}2`, 'abc');
        utimesSync(`${path}2`, 1_700_000_000, 1_700_000_000);
        renameSync(`${path}2`, path);
      },
      'source-changed',
    ],
    [
      'is replaced by a directory',
      (path) => {
        rmSync(path);
        mkdirSync(path);
      },
      'is-a-directory',
    ],
    [
      'is replaced by a FIFO',
      (path) => {
        rmSync(path);
        execFileSync('mkfifo', [path]);
      },
      'special-file',
    ],
    [
      'is replaced by a symlink',
      (path) => {
        renameSync(path, `${path}2`);
        symlinkSync('f2', path);
      },
      'path-refused',
    ],
  ];

  it.each(changes)('fails by name when it %s, and is absent from its block', (_, change, code) => {
    const { reader, root, indexOf } = sending((root) => {
      writeFileSync(`${root}/f`, 'abc');
      utimesSync(`${root}/f`, 1_700_000_000, 1_700_000_000);
      writeFileSync(`${root}/other`, 'xyz');
    });
    change(`${root}/f`);
    const { bytes, digests, uses, failures } = read(reader);
    expect(failures).toEqual([{ index: indexOf('t/f'), code, message: expect.stringContaining('/f') }]);
    expect(Buffer.from(bytes).toString()).toBe('xyz');
    expect(Buffer.from(digests)).toEqual(Buffer.from(blake3(Buffer.from('xyz'))));
    expect([...uses!]).toEqual(indexOf('t/f') < indexOf('t/other') ? [0, 1] : [1, 0]);
    expect(read(reader).failures, 'it fails once').toEqual([]);
  });

  it('has its later blocks skipped, but not those that others share', () => {
    const { reader, root, indexOf } = sending((root) => {
      writeFileSync(`${root}/big`, Buffer.alloc(3 * BLOCK_BYTES + 1));
    });
    expect(read(reader, 0).failures).toEqual([]);
    appendFileSync(`${root}/big`, 'x');
    const { bytes, failures, nextBlock } = read(reader, 1);
    expect(failures).toEqual([expect.objectContaining({ index: indexOf('t/big'), code: 'source-changed' })]);
    expect(bytes).toHaveLength(0);
    expect(nextBlock).toBe(4);
    expect(read(reader, 2)).toMatchObject({ byteLength: 0, failures: [] });
  });
});

describe('what the receiver planned', () => {
  const threeBlocks = (root: string) => writeFileSync(`${root}/f`, Buffer.alloc(2 * BLOCK_BYTES + 5, 7));

  it('[PL-2] leaves out what is there, and offers digests first where an older version stands', () => {
    const { reader, indexOf } = sending(threeBlocks);
    reader.applyPlans([{ index: indexOf('t/f'), digestsFirst: false, have: [1, 1] }]);
    expect(read(reader, 0)).toMatchObject({ byteLength: BLOCK_BYTES, uses: undefined });
    expect(read(reader, 1)).toMatchObject({ byteLength: 0, uses: Uint8Array.of(0) });
    reader.applyPlans([{ index: indexOf('t/f'), digestsFirst: true, have: [] }]);
    const offered = read(reader, 2);
    expect(offered).toMatchObject({ byteLength: 0, uses: Uint8Array.of(2) });
    const asked = reader.readBlock(2, new Uint8Array(BLOCK_BYTES), [0]);
    expect(asked).toMatchObject({ byteLength: 5, uses: undefined, digests: offered.digests });
  });

  it('[PL-9] is nothing but digests when it only compares', () => {
    const { reader } = sending(threeBlocks, { verify: true });
    expect([0, 1, 2].map((block) => read(reader, block))).toMatchObject(
      Array(3).fill({ byteLength: 0, uses: Uint8Array.of(2) }),
    );
  });

  it('[PL-5] for what the manifest does not have is a violation', () => {
    const violation = expect.objectContaining({ code: 'protocol-violation' });
    const { reader, indexOf } = sending((root) => {
      threeBlocks(root);
      writeFileSync(`${root}/empty`, '');
    });
    const file = { index: indexOf('t/f'), digestsFirst: false, have: [] };
    for (const plan of [
      { ...file, index: 3 },
      { ...file, have: [0, 4] },
      { ...file, have: [3, 1] },
      { ...file, index: indexOf('t/empty'), digestsFirst: true },
      { ...file, index: indexOf('t'), have: [0, 1] },
    ])
      expect(() => reader.applyPlans([plan]), JSON.stringify(plan)).toThrow(violation);
    expect(() => reader.readBlock(0, new Uint8Array(BLOCK_BYTES), [1])).toThrow(violation);
  });
});

describe('a failing source', () => {
  function failingSource(paths: readonly string[]) {
    const machine = new FakeMachine();
    const surroundings = fakeSurroundings(machine);
    for (const path of paths) surroundings.write(path, 'abc');
    surroundings.makeDirectory('/d');
    const mappings = [{ source: '/', target: 't' }];
    const reader = createTreeReader({ fileSystem: machine.start(), blake3, mappings, symlinks: 'follow' });
    return { machine, reader };
  }

  it.each<[Operation, Errno, ErrorCode]>([
    ['open file', 'EACCES', 'permission-denied'],
    ['read', 'EIO', 'io-error'],
    ['status', 'EIO', 'io-error'],
  ])('at "%s" with %s fails that file by name', (operation, errno, code) => {
    const { machine, reader } = failingSource(['/a', '/b']);
    reader.nextBatch(1000);
    machine.faults.add({ operation, errno, times: 1 });
    const { bytes, failures } = read(reader);
    expect(failures).toEqual([expect.objectContaining({ code })]);
    expect(Buffer.from(bytes).toString()).toBe('abc');
  });

  it('that cannot be listed is told by name', () => {
    const { machine, reader } = failingSource([]);
    machine.faults.add({ operation: 'open directory', errno: 'EACCES', path: /d$/ });
    const { problems } = reader.nextBatch(1000);
    expect(problems).toEqual([expect.objectContaining({ source: '/d', code: 'permission-denied' })]);
  });
});

describe('an entry', () => {
  it('keeps what an executable is', () => {
    const { batch, indexOf } = sending((root) => {
      writeFileSync(`${root}/x`, '');
      chmodSync(`${root}/x`, 0o711);
    });
    expect(batch.entries[indexOf('t/x')]?.executable).toBe(true);
  });
});
