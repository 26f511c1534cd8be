import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bestEffortResolver } from './best-effort.ts';
import type { DirectoryHandle } from './contract.ts';
import { descriptorWalkResolver } from './descriptor-walk.ts';
import { directoryOperations, operationsBy } from './directory-operations.ts';

const implementations = [
  { name: 'best of this machine', operations: directoryOperations() },
  { name: 'descriptor walk', operations: operationsBy(descriptorWalkResolver) },
  { name: 'best effort', operations: operationsBy(bestEffortResolver) },
];

describe.each(implementations)('operations beneath a root: $name', ({ operations }) => {
  const { openDirectoryBeneath, openFileBeneath, statBeneath, openFileAt } = operations;
  let area: string;
  let root: string;
  let handle: DirectoryHandle;
  const toClose: DirectoryHandle[] = [];

  beforeEach(() => {
    area = mkdtempSync(join(tmpdir(), 'beneath-'));
    root = join(area, 'root');
    mkdirSync(join(root, 'a/b/c'), { recursive: true });
    mkdirSync(join(area, 'outside'));
    writeFileSync(join(area, 'outside/secret'), 'secret');
    writeFileSync(join(root, 'a/file'), 'inside');
    handle = operations.openRoot(root);
  });

  afterEach(() => {
    for (const directory of toClose.splice(0)) directory.close();
    handle.close();
    rmSync(area, { recursive: true });
  });

  function directory(
    components: (string | Buffer)[],
    symlinks: 'beneath' | 'refuse' | 'system' = 'beneath',
    create?: number,
  ): DirectoryHandle {
    const options = create === undefined ? { symlinks } : { symlinks, create };
    const opened = openDirectoryBeneath(handle, components, options);
    toClose.push(opened);
    return opened;
  }

  function content(components: string[], symlinks: 'beneath' | 'refuse' | 'system' = 'beneath'): string {
    const file = openFileBeneath(handle, components, constants.O_RDONLY, { symlinks });
    try {
      return readFileSync(file.fd, 'utf8');
    } finally {
      file.close();
    }
  }

  const refused = expect.objectContaining({ code: 'path-refused' });

  it('opens the root itself and what lies deep in it', () => {
    expect(fstatSync(directory([]).fd).ino).toBe(statSync(root).ino);
    expect(fstatSync(directory(['a', 'b', 'c']).fd).ino).toBe(statSync(join(root, 'a/b/c')).ino);
  });

  it.each(['', '.', '..', 'a/b', '/', '../outside', 'a\0b', 'a\ud800'])(
    'refuses %j as a component everywhere',
    (name) => {
      const invalid = expect.objectContaining({ code: 'name-invalid' });
      expect(() => directory([name])).toThrow(invalid);
      expect(() => directory(['a', name], 'system', 0o700)).toThrow(invalid);
      expect(() => openFileAt(handle, name, constants.O_RDONLY)).toThrow(invalid);
      expect(() => operations.mkdirAt(handle, name, 0o700)).toThrow(invalid);
      expect(() => operations.renameAt(handle, 'a', handle, name)).toThrow(invalid);
      expect(() => operations.renameAt(handle, name, handle, 'a')).toThrow(invalid);
      expect(() => operations.unlinkAt(handle, name)).toThrow(invalid);
      if (name !== 'a\ud800') expect(() => directory([Buffer.from(name)])).toThrow(invalid);
    },
  );

  it.each([
    ['relative', '../outside'],
    ['relative through a directory', 'a/../../outside'],
    ['up and in again by name', '../root/a'],
    ['absolute', '/'],
    ['absolute, though to the inside', undefined],
  ])('refuses a symlink that leads out: %s', (_, target) => {
    symlinkSync(target ?? join(root, 'a'), join(root, 'link'));
    expect(() => directory(['link'])).toThrow(refused);
    expect(() => directory(['link', 'new'], 'beneath', 0o700)).toThrow(refused);
    expect(() => statBeneath(handle, ['link'], { symlinks: 'beneath' })).toThrow(refused);
    expect(existsSync(join(area, 'outside/new'))).toBe(false);
  });

  it('refuses a file behind a symlink that leads out, at the end and on the way', () => {
    symlinkSync('../outside', join(root, 'directory'));
    symlinkSync('../../outside/secret', join(root, 'a/leaf'));
    expect(() => content(['directory', 'secret'])).toThrow(refused);
    expect(() => content(['a', 'leaf'])).toThrow(refused);
  });

  it('follows symlinks that stay inside, also up and along', () => {
    symlinkSync('../a/b/../b', join(root, 'a/along'));
    symlinkSync('a/along', join(root, 'first'));
    symlinkSync('../file', join(root, 'a/b/leaf'));
    expect(fstatSync(directory(['first', 'c']).fd).ino).toBe(statSync(join(root, 'a/b/c')).ino);
    expect(content(['first', 'leaf'])).toBe('inside');
  });

  it('follows none where they are refused', () => {
    symlinkSync('a', join(root, 'link'));
    symlinkSync('file', join(root, 'a/leaf'));
    expect(() => directory(['link'], 'refuse')).toThrow(refused);
    expect(() => directory(['link', 'b'], 'refuse')).toThrow(refused);
    expect(() => content(['a', 'leaf'], 'refuse')).toThrow(refused);
    expect(content(['a', 'file'], 'refuse')).toBe('inside');
  });

  it('follows all where they mean what the system says', () => {
    symlinkSync('../outside', join(root, 'relative'));
    symlinkSync(join(area, 'outside'), join(root, 'absolute'));
    expect(content(['relative', 'secret'], 'system')).toBe('secret');
    expect(content(['absolute', 'secret'], 'system')).toBe('secret');
  });

  it('refuses loops of symlinks', () => {
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('pong', join(root, 'ping'));
    symlinkSync('ping', join(root, 'pong'));
    for (const name of ['loop', 'ping']) {
      expect(() => directory([name])).toThrow(refused);
      expect(() => content([name])).toThrow(refused);
    }
  });

  it('refuses the magic links of /proc', () => {
    const proc = operations.openRoot('/proc/self');
    toClose.push(proc);
    for (const name of ['cwd', 'root']) {
      expect(() => openDirectoryBeneath(proc, [name], { symlinks: 'beneath' })).toThrow(refused);
    }
    expect(() => openFileBeneath(proc, ['exe'], constants.O_RDONLY, { symlinks: 'beneath' })).toThrow(
      refused,
    );
  });

  it('makes missing directories, through a symlink inside too', () => {
    symlinkSync('a/b', join(root, 'link'));
    const made = directory(['link', 'new', 'newer'], 'beneath', 0o750);
    expect(fstatSync(made.fd).ino).toBe(statSync(join(root, 'a/b/new/newer')).ino);
    expect(statSync(join(root, 'a/b/new')).mode & 0o027).toBe(0);
    expect(() => directory(['absent'])).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('makes nothing where a file or a dangling symlink is in the way', () => {
    symlinkSync('nowhere', join(root, 'dangling'));
    expect(() => directory(['a', 'file', 'x'], 'beneath', 0o700)).toThrow(
      expect.objectContaining({ code: 'ENOTDIR' }),
    );
    expect(() => directory(['dangling', 'x'], 'beneath', 0o700)).toThrow(
      expect.objectContaining({ code: 'EEXIST' }),
    );
    expect(readdirSync(root).sort()).toEqual(['a', 'dangling']);
  });

  it('opens no directory, FIFO or device as a file', () => {
    spawnSync('mkfifo', [join(root, 'fifo')]);
    expect(() => content(['a'])).toThrow(expect.objectContaining({ code: 'is-a-directory' }));
    expect(() => content(['fifo'])).toThrow(expect.objectContaining({ code: 'special-file' }));
    const dev = operations.openRoot('/dev');
    toClose.push(dev);
    expect(() => openFileBeneath(dev, ['zero'], constants.O_RDONLY, { symlinks: 'system' })).toThrow(
      expect.objectContaining({ code: 'special-file' }),
    );
  });

  it('neither follows nor waits at the leaf', () => {
    symlinkSync('../outside/secret', join(root, 'link'));
    spawnSync('mkfifo', [join(root, 'fifo')]);
    expect(() => openFileAt(handle, 'link', constants.O_RDWR | constants.O_CREAT)).toThrow(
      expect.objectContaining({ code: 'ELOOP' }),
    );
    const fifo = openFileAt(handle, 'fifo', constants.O_RDONLY);
    expect(fstatSync(fifo.fd).isFIFO()).toBe(true);
    fifo.close();
    expect(operations.statusAt(handle, 'link')?.kind).toBe('symlink');
    expect(operations.statusAt(handle, 'nothing')).toBe(undefined);
    expect(operations.readlinkAt(handle, 'link').toString()).toBe('../outside/secret');
  });

  it('creates, renames, links and removes in held directories', () => {
    const [a, b] = [directory(['a']), directory(['a', 'b'])];
    const part = openFileAt(a, '.part', constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
    writeSync(part.fd, 'new');
    part.close();
    expect(lstatSync(join(root, 'a/.part')).mode & 0o777).toBe(0o600);
    symlinkSync('../../../outside/secret', join(root, 'a/b/target'));
    expect(() => operations.linkAt(a, '.part', b, 'target')).toThrow(
      expect.objectContaining({ code: 'EEXIST' }),
    );
    operations.renameAt(a, '.part', b, 'target');
    operations.syncDirectory(b);
    expect(readFileSync(join(root, 'a/b/target'), 'utf8')).toBe('new');
    expect(readFileSync(join(area, 'outside/secret'), 'utf8')).toBe('secret');
    operations.linkAt(b, 'target', a, 'twin');
    operations.unlinkAt(b, 'target');
    operations.mkdirAt(b, 'empty', 0o700);
    operations.rmdirAt(b, 'empty');
    operations.rmdirAt(b, 'c');
    expect(readdirSync(join(root, 'a')).sort()).toEqual(['b', 'file', 'twin']);
    expect(readdirSync(join(root, 'a/b'))).toEqual([]);
  });

  it('renames without ever replacing anything', () => {
    writeFileSync(join(root, 'a/new'), 'new');
    symlinkSync('nowhere', join(root, 'a/link'));
    const a = directory(['a']);
    for (const name of ['file', 'b', 'link', 'new']) {
      expect(() => operations.renameNoReplaceAt(a, 'new', a, name)).toThrow(
        expect.objectContaining({ code: 'EEXIST' }),
      );
    }
    expect(() => operations.renameNoReplaceAt(a, 'none', a, 'other')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
    operations.renameNoReplaceAt(a, 'new', a, 'other');
    expect(readdirSync(join(root, 'a')).sort()).toEqual(['b', 'file', 'link', 'other']);
    expect(readFileSync(join(root, 'a/file'), 'utf8')).toBe('inside');
  });

  it('lists the names of a directory, many of them, and again', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `name-${index}`);
    for (const name of names) writeFileSync(join(root, 'a/b/c', name), '');
    const c = directory(['a', 'b', 'c']);
    for (let time = 0; time < 2; time++) {
      const listed = [...operations.readNamesAt(c)].map((name) => name.toString());
      expect(listed.sort()).toEqual(names.toSorted());
    }
    for (const first of operations.readNamesAt(c)) {
      expect(Buffer.isBuffer(first)).toBe(true);
      break;
    }
  });
});

describe.each(implementations.slice(0, 2))('operations on bytes and depths: $name', ({ operations }) => {
  let root: string;
  let handle: DirectoryHandle;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'beneath-'));
    handle = operations.openRoot(root);
  });

  afterEach(() => {
    handle.close();
    spawnSync('rm', ['-rf', root]);
  });

  it('is not best effort on Linux', () => {
    expect(operations.guarantee).not.toBe('best-effort');
  });

  it('takes names that are not UTF-8 byte by byte', () => {
    const name = Buffer.from([0x66, 0xff, 0x9b]);
    operations.mkdirAt(handle, name, 0o700);
    operations.openDirectoryBeneath(handle, [name, 'sub'], { symlinks: 'beneath', create: 0o700 }).close();
    const inner = operations.openDirectoryBeneath(handle, [name, Buffer.from('sub')], { symlinks: 'refuse' });
    operations.openFileAt(inner, name, constants.O_WRONLY | constants.O_CREAT).close();
    expect([...operations.readNamesAt(inner)]).toEqual([name]);
    expect([...operations.readNamesAt(handle)]).toEqual([name]);
    expect(operations.statusAt(inner, name)?.kind).toBe('file');
    inner.close();
  });

  it('goes deeper than the longest path of the system', () => {
    const path = Array.from({ length: 40 }, () => 'd'.repeat(200));
    operations.openDirectoryBeneath(handle, path, { symlinks: 'beneath', create: 0o700 }).close();
    operations.openDirectoryBeneath(handle, path, { symlinks: 'refuse' }).close();
  });

  it('stays with the directory that it holds when that one is renamed and replaced', () => {
    operations.mkdirAt(handle, 'work', 0o700);
    const work = operations.openDirectoryBeneath(handle, ['work'], { symlinks: 'beneath' });
    operations.renameAt(handle, 'work', handle, 'moved');
    symlinkSync('/tmp', join(root, 'work'));
    operations.openFileAt(work, 'file', constants.O_WRONLY | constants.O_CREAT).close();
    expect(readdirSync(join(root, 'moved'))).toEqual(['file']);
    work.close();
  });

  it('leaves no descriptor open, whatever fails', () => {
    symlinkSync('/etc', join(root, 'out'));
    symlinkSync('loop', join(root, 'loop'));
    writeFileSync(join(root, 'file'), '');
    const before = readdirSync('/proc/self/fd').length;
    for (const symlinks of ['beneath', 'refuse', 'system'] as const) {
      for (const path of [['out'], ['loop'], ['file', 'x'], ['absent', 'x'], ['file'], []]) {
        for (const attempt of [
          () => operations.openDirectoryBeneath(handle, path, { symlinks }).close(),
          () =>
            operations
              .openDirectoryBeneath(handle, [...path, 'y'], { symlinks: 'refuse', create: 0o700 })
              .close(),
          () => operations.openFileBeneath(handle, path, constants.O_RDONLY, { symlinks }).close(),
          () => operations.statBeneath(handle, path, { symlinks }),
        ]) {
          try {
            attempt();
          } catch {
            // Only what stays open counts here.
          }
        }
      }
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    closeSync(openSync(root, 'r'));
  });
});
