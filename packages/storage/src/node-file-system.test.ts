import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { openStorage } from './node-file-system.ts';
import { temporaryDirectories } from './testing/temporary-directory.ts';

const temporaryDirectory = temporaryDirectories();

function refusal(run: () => unknown): { code: string; message: string; subject: string | undefined } {
  try {
    run();
  } catch (error) {
    if (error instanceof JetStreamError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('openStorage', () => {
  it('makes a missing sandbox directory for its owner alone', () => {
    const path = `${temporaryDirectory()}/sandboxes/alice`;
    openStorage({ sandboxRoot: path }).close();
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('leaves an existing sandbox directory as it is', () => {
    const path = temporaryDirectory();
    chmodSync(path, 0o755);
    openStorage({ sandboxRoot: path }).close();
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  it('names a sandbox directory that cannot be', () => {
    const file = `${temporaryDirectory()}/file`;
    writeFileSync(file, '');
    expect(refusal(() => openStorage({ sandboxRoot: `${file}/x` }))).toMatchObject({
      code: 'not-a-directory',
    });
  });
});

describe('a file system beneath a sandbox', () => {
  it('does not follow a symlink that leads out, as directory, file or status', () => {
    const [root, outside] = [temporaryDirectory(), temporaryDirectory()];
    writeFileSync(`${outside}/secret`, 'secret');
    symlinkSync(outside, `${root}/out`);
    symlinkSync('../../../../../../etc/passwd', `${root}/passwd`);
    const fileSystem = openStorage({ sandboxRoot: root });
    expect(refusal(() => fileSystem.openDirectory(['out'])).code).toBe('path-refused');
    expect(refusal(() => fileSystem.openFile(['out', 'secret'])).code).toBe('path-refused');
    expect(refusal(() => fileSystem.openFile(['passwd'])).code).toBe('path-refused');
    expect(refusal(() => fileSystem.status(['passwd'])).code).toBe('path-refused');
  });

  it('follows a symlink that stays beneath it', () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/real`);
    writeFileSync(`${root}/real/file`, 'x');
    symlinkSync('real', `${root}/link`);
    expect(openStorage({ sandboxRoot: root }).status(['link', 'file']).size).toBe(1);
  });

  it('names the path beneath the root, never what lies above', () => {
    const root = temporaryDirectory();
    const { message, subject } = refusal(() =>
      openStorage({ sandboxRoot: root }).openFile(['no', 'such\x1b']),
    );
    expect(message).toContain('/no/such\\x1b');
    expect(message).not.toContain(root);
    expect(subject).toBe('/no/such\x1b');
  });
});

describe('a file system without a sandbox', () => {
  it('follows symlinks as the system does', () => {
    const [here, elsewhere] = [temporaryDirectory(), temporaryDirectory()];
    writeFileSync(`${elsewhere}/file`, 'abc');
    symlinkSync(elsewhere, `${here}/link`);
    expect(openStorage().status([...here.split('/').slice(1), 'link', 'file']).size).toBe(3);
  });
});

describe('directories and files', () => {
  it('tell status to the nanosecond, also before 1970', () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/file`, 'abc');
    utimesSync(`${root}/file`, '-1.75', '-1.75');
    const directory = openStorage({ sandboxRoot: root }).openDirectory([]);
    expect(directory.status('file')).toMatchObject({
      kind: 'file',
      size: 3,
      mtimeSeconds: -2,
      mtimeNanoseconds: 250_000_000,
      mode: 0o644,
      inode: statSync(`${root}/file`).ino,
    });
    expect(directory.status('none')).toBeUndefined();
  });

  it('tell what a name is without following it', () => {
    const root = temporaryDirectory();
    symlinkSync('nowhere', `${root}/link`);
    mkdirSync(`${root}/directory`);
    execFileSync('mkfifo', [`${root}/fifo`]);
    const directory = openStorage({ sandboxRoot: root }).openDirectory([]);
    const kinds = ['link', 'directory', 'fifo'].map((name) => directory.status(name)?.kind);
    expect(kinds).toEqual(['symlink', 'directory', 'special']);
  });

  it('refuse to open a FIFO, without waiting for its other end, a directory or a symlink', () => {
    const root = temporaryDirectory();
    execFileSync('mkfifo', [`${root}/fifo`]);
    mkdirSync(`${root}/directory`);
    writeFileSync(`${root}/file`, 'x');
    symlinkSync('file', `${root}/link`);
    const fileSystem = openStorage({ sandboxRoot: root });
    const directory = fileSystem.openDirectory([]);
    expect(refusal(() => directory.openFile('fifo')).code).toBe('special-file');
    expect(refusal(() => fileSystem.openFile(['fifo'])).code).toBe('special-file');
    expect(refusal(() => fileSystem.status(['fifo'])).code).toBe('special-file');
    expect(refusal(() => directory.openFile('directory')).code).toBe('is-a-directory');
    expect(refusal(() => directory.openFile('link')).code).toBe('path-refused');
    expect(refusal(() => directory.reopenFile('link', 'link')).code).toBe('path-refused');
    expect(refusal(() => directory.createFile('link', 'link')).code).toBe('already-exists');
  });

  it('list names as bytes', () => {
    const root = temporaryDirectory();
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0x66, 0xff)]), '');
    const names = openStorage({ sandboxRoot: root }).openDirectory([]).names();
    expect(names.next().value).toEqual(Buffer.of(0x66, 0xff));
    expect(names.next().done).toBe(true);
  });

  it('create, write, read, rename and remove in the directory that was opened, wherever it is by now', () => {
    const root = temporaryDirectory();
    mkdirSync(`${root}/before`);
    const fileSystem = openStorage({ sandboxRoot: root });
    const directory = fileSystem.openDirectory(['before']);
    execFileSync('mv', [`${root}/before`, `${root}/after`]);
    const file = directory.createFile('partial', 'name');
    expect(file.status().mode).toBe(0o600);
    file.write(Buffer.from('world'), 6);
    file.write(Buffer.from('hello '), 0);
    file.setMode(0o640);
    file.setModificationTime(1_700_000_000, 5_000);
    file.sync();
    file.close();
    directory.rename('partial', 'name');
    directory.sync();
    expect(directory.makeDirectory('sub')).toBe(true);
    expect(directory.makeDirectory('sub')).toBe(false);
    expect(readFileSync(`${root}/after/name`, 'utf8')).toBe('hello world');
    expect(statSync(`${root}/after/name`, { bigint: true })).toMatchObject({
      mtimeNs: 1_700_000_000_000_005_000n,
    });
    const into = new Uint8Array(20);
    const opened = directory.openFile('name');
    expect(opened.read(into, 6)).toBe(5);
    opened.close();
    directory.remove('name');
    expect(readdirSync(`${root}/after`)).toEqual(['sub']);
    expect(refusal(() => directory.remove('name')).code).toBe('not-found');
  });

  it('refuse names that are more than one name', () => {
    const directory = openStorage({ sandboxRoot: temporaryDirectory() }).openDirectory([]);
    for (const name of ['..', '.', '', 'a/b', '../x']) {
      expect(refusal(() => directory.createFile(name, name)).code).toBe('name-invalid');
    }
  });

  it('report a name that is too long as one that cannot be stored', () => {
    const directory = openStorage({ sandboxRoot: temporaryDirectory() }).openDirectory([]);
    expect(refusal(() => directory.createFile('x'.repeat(256), 'x')).code).toBe('name-invalid');
  });

  it('read what is left of a file that shrank', () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/file`, 'abcdef');
    const file = openStorage({ sandboxRoot: root }).openFile(['file']);
    truncateSync(`${root}/file`, 2);
    expect(file.read(new Uint8Array(6), 0)).toBe(2);
    file.close();
  });
});
