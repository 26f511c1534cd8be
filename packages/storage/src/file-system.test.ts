import { describe, expect, it } from 'vitest';
import type { FileSystem } from './file-system.ts';
import { bothMachines, refusal } from './testing/both-machines.ts';

function namesIn(fileSystem: FileSystem, ...components: string[]): string[] {
  const names = fileSystem.openDirectory(components).names();
  const all: string[] = [];
  for (let next = names.next(); !next.done; next = names.next()) all.push(Buffer.from(next.value).toString());
  return all.sort();
}

describe.each(bothMachines)('a file system beneath a sandbox, of %s,', (_, make) => {
  it('makes the sandbox directory for its owner alone where it is missing', () => {
    const surroundings = make();
    surroundings.makeDirectory('/known');
    surroundings.open('/known').close();
    surroundings.open('/sandboxes/alice').close();
    expect(surroundings.status('/known')?.mode).toBe(0o755);
    expect(surroundings.status('/sandboxes/alice')?.mode).toBe(0o700);
  });

  it('does not follow a symlink that leads out, as directory, file or status', () => {
    const surroundings = make();
    surroundings.makeDirectory('/outside');
    surroundings.write('/outside/secret', 'secret');
    const fileSystem = surroundings.open('/root');
    surroundings.makeSymlink('../outside', '/root/out');
    surroundings.makeSymlink('../outside/secret', '/root/secret');
    surroundings.makeSymlink('/', '/root/absolute');
    expect(refusal(() => fileSystem.openDirectory(['out'])).code).toBe('path-refused');
    expect(refusal(() => fileSystem.openFile(['out', 'secret'])).code).toBe('path-refused');
    expect(refusal(() => fileSystem.openFile(['secret'])).code).toBe('path-refused');
    expect(refusal(() => fileSystem.status(['secret'])).code).toBe('path-refused');
    expect(refusal(() => fileSystem.status(['absolute'])).code).toBe('path-refused');
  });

  it('follows a symlink that stays beneath it, also up and on', () => {
    const surroundings = make();
    surroundings.makeDirectory('/real/inner');
    surroundings.write('/real/file', 'x');
    surroundings.makeSymlink('real', '/link');
    surroundings.makeSymlink('../inner/../file', '/real/inner/again');
    expect(surroundings.open().status(['link', 'file']).size).toBe(1);
    expect(surroundings.open().status(['link', 'inner', 'again']).size).toBe(1);
  });

  it('refuses symlinks without an end, and what leads through a file or to nothing', () => {
    const surroundings = make();
    surroundings.makeSymlink('loop', '/loop');
    surroundings.makeSymlink('nothing', '/dangling');
    surroundings.write('/file', '');
    const fileSystem = surroundings.open();
    expect(refusal(() => fileSystem.openFile(['loop'])).code).toBe('path-refused');
    expect(refusal(() => fileSystem.openFile(['dangling'])).code).toBe('not-found');
    expect(refusal(() => fileSystem.openFile(['file', 'x'])).code).toBe('not-a-directory');
    expect(refusal(() => fileSystem.openDirectory(['file'])).code).toBe('not-a-directory');
    expect(refusal(() => fileSystem.openDirectory(['none'])).code).toBe('not-found');
    expect(refusal(() => fileSystem.status(['none', 'such'])).code).toBe('not-found');
  });

  it('names the path beneath the root, never what lies above', () => {
    const surroundings = make();
    const fileSystem = surroundings.open('/root');
    const { message, subject } = refusal(() => fileSystem.openFile(['no', 'such\x1b']));
    expect(message).toContain('/no/such\\x1b');
    expect(message).not.toContain('root');
    expect(subject).toBe('/no/such\x1b');
  });
});

describe.each(bothMachines)('a file system without a sandbox, of %s,', (_, make) => {
  it('follows symlinks as the system does', () => {
    const surroundings = make();
    surroundings.makeDirectory('/elsewhere');
    surroundings.makeDirectory('/here');
    surroundings.write('/elsewhere/file', 'abc');
    surroundings.makeSymlink(`/${surroundings.components('/elsewhere').join('/')}`, '/here/link');
    const path = surroundings.components('/here/link/file');
    expect(surroundings.openUnheld().status(path).size).toBe(3);
  });
});

describe.each(bothMachines)('a directory of %s', (_, make) => {
  it('tells status to the nanosecond, also before 1970', () => {
    const surroundings = make();
    surroundings.write('/file', 'abc');
    surroundings.setTime('/file', -2, 250_000_001);
    const status = surroundings.open().openDirectory([]).status('file');
    expect(status).toMatchObject({
      kind: 'file',
      size: 3,
      mtimeSeconds: -2,
      mtimeNanoseconds: 250_000_001,
      mode: 0o644,
      links: 1,
    });
    expect(status).toEqual(surroundings.status('/file'));
    surroundings.link('/file', '/twin');
    expect(surroundings.open().openDirectory([]).status('twin')).toEqual({ ...status, links: 2 });
    expect(surroundings.open().openDirectory([]).status('none')).toBeUndefined();
  });

  it('tells what a name is without following it', () => {
    const surroundings = make();
    surroundings.makeSymlink('nowhere', '/link');
    surroundings.makeDirectory('/directory');
    surroundings.makeFifo('/fifo');
    const directory = surroundings.open().openDirectory([]);
    const kinds = ['link', 'directory', 'fifo'].map((name) => directory.status(name)?.kind);
    expect(kinds).toEqual(['symlink', 'directory', 'special']);
    expect(directory.status('link')?.size).toBe('nowhere'.length);
  });

  it('refuses to open a FIFO, without waiting for its other end, a directory or a symlink', () => {
    const surroundings = make();
    surroundings.makeFifo('/fifo');
    surroundings.makeDirectory('/directory');
    surroundings.write('/file', 'x');
    surroundings.makeSymlink('file', '/link');
    const fileSystem = surroundings.open();
    const directory = fileSystem.openDirectory([]);
    expect(refusal(() => fileSystem.openFile(['fifo'])).code).toBe('special-file');
    expect(refusal(() => fileSystem.status(['fifo'])).code).toBe('special-file');
    expect(refusal(() => fileSystem.openFile(['directory'])).code).toBe('is-a-directory');
    for (const open of [
      directory.openFile.bind(directory),
      (name: string) => directory.reopenFile(name, name),
    ]) {
      expect(refusal(() => open('fifo')).code).toBe('special-file');
      expect(refusal(() => open('directory')).code).toBe('is-a-directory');
      expect(refusal(() => open('link')).code).toBe('path-refused');
      expect(refusal(() => open('none')).code).toBe('not-found');
    }
  });

  it('makes no file where there is anything', () => {
    const surroundings = make();
    surroundings.makeSymlink('nowhere', '/link');
    surroundings.makeDirectory('/directory');
    surroundings.write('/file', '');
    const directory = surroundings.open().openDirectory([]);
    for (const name of ['link', 'directory', 'file']) {
      expect(refusal(() => directory.createFile(name, 'shown'))).toMatchObject({
        code: 'already-exists',
        subject: '/shown',
      });
      expect(directory.makeDirectory(name)).toBe(false);
    }
  });

  it('lists names, also those that are no text', () => {
    const surroundings = make();
    for (const name of ['a', 'ä', 'new\nline']) surroundings.write(`/${name}`, '');
    surroundings.makeDirectory('/d/e');
    expect(namesIn(surroundings.open())).toEqual(['a', 'd', 'new\nline', 'ä']);
    expect(namesIn(surroundings.open(), 'd')).toEqual(['e']);
  });

  it('creates, writes, reads, renames and removes in the directory that was opened, wherever it is by now', () => {
    const surroundings = make();
    surroundings.makeDirectory('/before');
    const directory = surroundings.open().openDirectory(['before']);
    surroundings.rename('/before', '/after');
    const file = directory.createFile('partial', 'name');
    expect(file.status()).toMatchObject({ mode: 0o600, size: 0 });
    file.write(Buffer.from('world'), 6);
    file.write(Buffer.from('hello '), 0);
    file.setMode(0o640);
    file.setModificationTime(1_700_000_000, 5_000);
    file.continueWriteBack();
    file.sync();
    file.dropFromCache(0, 11);
    file.close();
    directory.rename('partial', 'name');
    directory.sync();
    expect(directory.makeDirectory('sub')).toBe(true);
    expect(surroundings.read('/after/name').toString()).toBe('hello world');
    expect(surroundings.status('/after/name')).toMatchObject({
      mode: 0o640,
      mtimeSeconds: 1_700_000_000,
      mtimeNanoseconds: 5_000,
    });
    const into = new Uint8Array(20);
    const opened = directory.openFile('name');
    expect(opened.read(into, 6)).toBe(5);
    expect(opened.read(into, 11)).toBe(0);
    opened.close();
    directory.remove('name');
    expect(surroundings.names('/after')).toEqual(['sub']);
    expect(refusal(() => directory.remove('name')).code).toBe('not-found');
    expect(refusal(() => directory.remove('sub')).code).toBe('is-a-directory');
    directory.close();
  });

  it('has its own time', () => {
    const surroundings = make();
    surroundings.makeDirectory('/d');
    surroundings.open().openDirectory(['d']).setModificationTime(123, 456);
    expect(surroundings.status('/d')).toMatchObject({ mtimeSeconds: 123, mtimeNanoseconds: 456 });
    surroundings.write('/d/new', '');
    expect(surroundings.status('/d')?.mtimeSeconds).toBeGreaterThan(123);
  });

  it('has its own mode and owner', () => {
    const surroundings = make();
    surroundings.makeDirectory('/d');
    const { uid, gid } = surroundings.status('/d')!;
    const directory = surroundings.open().openDirectory(['d']);
    directory.setOwner(uid, gid);
    directory.setMode(0o1750);
    expect(surroundings.status('/d')).toMatchObject({ uid, gid, mode: 0o1750 });
  });

  it('gives a file a second name, and takes it for no other', () => {
    const surroundings = make();
    surroundings.write('/file', 'x');
    surroundings.makeSymlink('file', '/link');
    surroundings.makeDirectory('/directory');
    const directory = surroundings.open().openDirectory([]);
    directory.link('file', 'twin');
    directory.link('link', 'other');
    expect(surroundings.status('/twin')).toEqual(surroundings.status('/file'));
    expect(surroundings.status('/other')?.kind).toBe('symlink');
    for (const name of ['link', 'directory', 'file']) {
      expect(refusal(() => directory.link('file', name)).code).toBe('already-exists');
    }
    expect(refusal(() => directory.link('none', 'new')).code).toBe('not-found');
    expect(refusal(() => directory.link('directory', 'new')).code).toBe('permission-denied');
  });

  it('in which nothing can be made any more when it was removed', () => {
    const surroundings = make();
    surroundings.makeDirectory('/gone');
    const directory = surroundings.open().openDirectory(['gone']);
    surroundings.remove('/gone');
    expect(refusal(() => directory.createFile('f', 'f')).code).toBe('not-found');
    expect(refusal(() => directory.makeDirectory('d')).code).toBe('not-found');
    expect(directory.status('f')).toBeUndefined();
  });

  it('is on the device of its files', () => {
    const surroundings = make();
    surroundings.write('/f', '');
    const directory = surroundings.open().openDirectory([]);
    expect(directory.device).toBe(directory.status('f')?.device);
  });

  it.each(['..', '.', '', 'a/b', '../x', 'a\0b', 'a\ud800'])(
    'refuses the name %j, which is not one name',
    (name) => {
      const fileSystem = make().open();
      const directory = fileSystem.openDirectory([]);
      expect(refusal(() => directory.createFile(name, name)).code).toBe('name-invalid');
      expect(refusal(() => directory.rename('a', name)).code).toBe('name-invalid');
      expect(refusal(() => directory.remove(name)).code).toBe('name-invalid');
      expect(refusal(() => fileSystem.openFile([name])).code).toBe('name-invalid');
    },
  );

  it('reports a name that is too long as one that cannot be stored', () => {
    const directory = make().open().openDirectory([]);
    directory.createFile('x'.repeat(255), 'x').close();
    expect(refusal(() => directory.createFile('x'.repeat(256), 'x')).code).toBe('name-invalid');
    expect(refusal(() => directory.createFile('ä'.repeat(128), 'x')).code).toBe('name-invalid');
  });
});

describe.each(bothMachines)('a rename on %s', (_, make) => {
  it('replaces a file or a symlink, whoever has it open', () => {
    const surroundings = make();
    surroundings.write('/old', 'old');
    surroundings.write('/new', 'new');
    surroundings.write('/newer', 'newer');
    surroundings.makeSymlink('nowhere', '/link');
    const directory = surroundings.open().openDirectory([]);
    const opened = directory.openFile('old');
    directory.rename('new', 'old');
    directory.rename('newer', 'link');
    expect(surroundings.names()).toEqual(['link', 'old']);
    expect(surroundings.read('/old').toString()).toBe('new');
    expect(surroundings.status('/link')?.kind).toBe('file');
    const into = Buffer.alloc(3);
    opened.read(into, 0);
    expect(into.toString()).toBe('old');
  });

  it('replaces no directory by a file, nor a file by a directory, and needs something to rename', () => {
    const surroundings = make();
    surroundings.write('/file', '');
    surroundings.makeDirectory('/directory');
    const directory = surroundings.open().openDirectory([]);
    expect(refusal(() => directory.rename('file', 'directory')).code).toBe('is-a-directory');
    expect(refusal(() => directory.rename('directory', 'file')).code).toBe('not-a-directory');
    expect(refusal(() => directory.rename('none', 'file')).code).toBe('not-found');
  });

  it('that replaces nothing is refused where there is anything', () => {
    const surroundings = make();
    surroundings.write('/file', 'old');
    surroundings.write('/new', 'new');
    surroundings.makeSymlink('nowhere', '/link');
    surroundings.makeDirectory('/directory');
    const directory = surroundings.open().openDirectory([]);
    for (const name of ['file', 'link', 'directory']) {
      expect(refusal(() => directory.renameNoReplace('new', name))).toMatchObject({
        code: 'already-exists',
        subject: `/${name}`,
      });
    }
    directory.renameNoReplace('new', 'newer');
    expect(surroundings.names()).toEqual(['directory', 'file', 'link', 'newer']);
    expect(surroundings.read('/file').toString()).toBe('old');
  });

  it('to another name of the same file does nothing', () => {
    const surroundings = make();
    surroundings.write('/a', 'x');
    surroundings.link('/a', '/b');
    surroundings.open().openDirectory([]).rename('a', 'b');
    expect(surroundings.names()).toEqual(['a', 'b']);
    expect(surroundings.status('/a')?.inode).toBe(surroundings.status('/b')?.inode);
  });
});
