import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expandSandboxMapping } from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ManagedFileSystem } from '../file-system.ts';
import { openSandbox } from '../sandbox-file-system.ts';
import { temporaryDirectories } from '../testing/temporary-directory.ts';
import { makeDirectories, makeFile, move, remove } from './change.ts';
import { diskUse, listDirectory } from './list-directory.ts';

const temporaryDirectory = temporaryDirectories();
let root: string;
let outside: string;
let fileSystem: ManagedFileSystem;

beforeEach(() => {
  root = temporaryDirectory();
  outside = temporaryDirectory();
  writeFileSync(join(outside, 'secret'), 'secret');
  fileSystem = openSandbox(expandSandboxMapping({ '': root }, { name: 'ann', fullName: '' }));
});

afterEach(() => fileSystem.close());

/** All of it, or the code that it fails with. */
function run<T>(operation: () => Generator<void, T>): T | string {
  try {
    const steps = operation();
    for (let next = steps.next(); ; next = steps.next()) if (next.done) return next.value;
  } catch (error) {
    if (error instanceof JetStreamError) return error.code;
    throw error;
  }
}

function names(path: string[] = [], limit = 100, after?: string): string[] {
  const listing = run(() => listDirectory(fileSystem, path, limit, after));
  if (typeof listing === 'string') return [listing];
  return [...listing.entries.map(({ name }) => name), ...(listing.truncated ? ['…'] : [])];
}

describe('listing', () => {
  it('tells of files, directories and links, and of nothing that lies outside', () => {
    writeFileSync(join(root, 'b'), '12345', { mode: 0o751 });
    utimesSync(join(root, 'b'), 1_000_000_000, 1_000_000_000.5);
    mkdirSync(join(root, 'd'));
    symlinkSync('b', join(root, 'link'));
    symlinkSync(join(outside, 'secret'), join(root, 'out'));
    writeFileSync(join(root, '.b.jspart-00-1'), 'partial');
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff, 0x41)]), '');
    writeFileSync(join(root, 'new\nline\x1b'), '');
    const listing = run(() => listDirectory(fileSystem, [], 100));
    if (typeof listing === 'string') throw new Error(listing);
    const [b, d, link, newLine, out, invalid] = listing.entries;
    expect(b).toMatchObject({ name: 'b', type: 'file', size: 5, executable: true, mode: 0o751 });
    expect(b?.modificationTime).toBe(1_000_000_000_500_000);
    expect(d).toMatchObject({ name: 'd', type: 'directory', size: 0, isSymlink: false });
    expect(link).toMatchObject({ name: 'link', type: 'file', size: 5, isSymlink: true });
    expect(newLine).toMatchObject({ name: 'new\nline\x1b', errorCode: null });
    expect(out).toMatchObject({ name: 'out', type: 'other', isSymlink: true, errorCode: 'path-refused' });
    expect(invalid).toMatchObject({ name: '\\xffA', errorCode: 'name-invalid' });
    expect(listing.entries).toHaveLength(6);
    expect(names(['out'])).toEqual(['path-refused']);
    expect(names(['b'])).toEqual(['b']);
  });

  it('goes on after a name, in order, however few are asked for', () => {
    for (let index = 0; index < 25; index++) writeFileSync(join(root, `f${index + 10}`), '');
    const found: string[] = [];
    for (let page = names([], 4); ; page = names([], 4, found.at(-1))) {
      found.push(...page.filter((name) => name !== '…'));
      if (!page.includes('…')) break;
    }
    expect(found).toEqual(Array.from({ length: 25 }, (_, index) => `f${index + 10}`));
  });

  it('adds up what is beneath, links and what cannot be looked at left out', () => {
    mkdirSync(join(root, 'a/b'), { recursive: true });
    writeFileSync(join(root, 'a/b/x'), '123');
    writeFileSync(join(root, 'a/y'), '4567');
    symlinkSync(outside, join(root, 'a/out'));
    expect(run(() => diskUse(fileSystem, ['a']))).toEqual({
      bytes: 7,
      files: 2,
      directories: 2,
      unreadable: 0,
    });
    expect(run(() => diskUse(fileSystem, ['none']))).toBe('not-found');
  });
});

describe('changing', () => {
  it('makes directories with those above them, and files that were not there', () => {
    expect(run(() => makeDirectories(fileSystem, ['a', 'b', 'c']))).toMatchObject({ type: 'directory' });
    expect(run(() => makeDirectories(fileSystem, ['a', 'b']))).toMatchObject({ name: 'b' });
    const file = () => run(() => makeFile(fileSystem, ['a', 'f'], Buffer.from('text'), 0o022));
    expect(file()).toMatchObject({ name: 'f', size: 4, mode: 0o644 });
    expect(file()).toBe('already-exists');
    expect(run(() => makeDirectories(fileSystem, ['a', 'f', 'x']))).toBe('not-a-directory');
    expect(readFileSync(join(root, 'a/f'), 'utf8')).toBe('text');
  });

  it('moves files and directories, and replaces nothing', () => {
    mkdirSync(join(root, 'a/b'), { recursive: true });
    mkdirSync(join(root, 'c'));
    writeFileSync(join(root, 'f'), '1');
    writeFileSync(join(root, 'g'), '2');
    expect(run(() => move(fileSystem, ['f'], ['g']))).toBe('already-exists');
    expect(run(() => move(fileSystem, ['a'], ['c']))).toBe('already-exists');
    expect(run(() => move(fileSystem, ['a'], ['a', 'b', 'a']))).toBe('path-refused');
    expect(run(() => move(fileSystem, ['none'], ['x']))).toBe('not-found');
    expect(run(() => move(fileSystem, ['f'], ['a', 'b', 'f2']))).toMatchObject({ name: 'f2' });
    expect(run(() => move(fileSystem, ['a'], ['c', 'a']))).toMatchObject({ type: 'directory' });
    expect(readFileSync(join(root, 'c/a/b/f2'), 'utf8')).toBe('1');
    expect(readFileSync(join(root, 'g'), 'utf8')).toBe('2');
  });

  it('removes trees, deep ones and links in them included, and nothing that links lead to', () => {
    const deep = Array.from({ length: 300 }, (_, depth) => `d${depth}`);
    mkdirSync(join(root, 't', ...deep), { recursive: true });
    for (let index = 0; index < 600; index++) writeFileSync(join(root, 't/d0', `f${index}`), '');
    symlinkSync(outside, join(root, 't/out'));
    symlinkSync(outside, join(root, 'link'));
    expect(run(() => remove(fileSystem, ['t'], false))).toBe('conflict');
    expect(run(() => remove(fileSystem, ['t'], true))).toBeNull();
    expect(run(() => remove(fileSystem, ['link'], true))).toBeNull();
    expect(run(() => remove(fileSystem, ['link'], true))).toBe('not-found');
    expect(run(() => remove(fileSystem, [], true))).toBe('path-refused');
    expect(readdirSync(root)).toEqual([]);
    expect(existsSync(join(outside, 'secret'))).toBe(true);
  });

  it('does not follow a link that takes the place of a directory while its tree is removed', () => {
    mkdirSync(join(root, 't/a/b'), { recursive: true });
    writeFileSync(join(root, 't/a/x'), '');
    const steps = remove(fileSystem, ['t'], true);
    steps.next();
    for (const name of readdirSync(join(root, 't/a'))) run(() => remove(fileSystem, ['t', 'a', name], true));
    run(() => remove(fileSystem, ['t', 'a'], true));
    symlinkSync(outside, join(root, 't/a'));
    const rest = run(() => steps);
    expect(rest === null || rest === 'path-refused' || rest === 'not-a-directory').toBe(true);
    expect(existsSync(join(outside, 'secret'))).toBe(true);
  });

  it('leads nowhere by links on the way', () => {
    symlinkSync(outside, join(root, 'out'));
    expect(run(() => makeDirectories(fileSystem, ['out', 'x']))).toBe('path-refused');
    expect(run(() => makeFile(fileSystem, ['out', 'x'], Buffer.of()))).toBe('path-refused');
    expect(run(() => move(fileSystem, ['out', 'secret'], ['mine']))).toBe('path-refused');
    expect(run(() => remove(fileSystem, ['out', 'secret'], false))).toBe('path-refused');
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(lstatSync(join(root, 'out')).isSymbolicLink()).toBe(true);
  });

  it('leaves the folders of a sandbox where they are', () => {
    const folders = openSandbox(expandSandboxMapping({ a: root, b: outside }, { name: 'ann', fullName: '' }));
    expect(run(() => remove(folders, ['a'], true))).toBe('is-a-directory');
    expect(run(() => move(folders, ['a'], ['c']))).toBe('is-a-directory');
    expect(run(() => makeDirectories(folders, ['c']))).toBe('path-refused');
    expect(run(() => move(folders, ['b', 'secret'], ['a', 'moved']))).toMatchObject({ name: 'moved' });
    expect(readdirSync(root)).toEqual(['moved']);
    folders.close();
  });
});
