import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import type { FileStatus, ScanDirectory, ScanFileSystem } from './scan-file-system.ts';
import { type ScanBatch, Scanner } from './scanner.ts';

type Node =
  | { kind: 'file'; size: number; mode?: number }
  | { kind: 'directory'; names: [string | Uint8Array, Node][]; failAfter?: number; status?: FileStatus }
  | { kind: 'symlink'; to: string }
  | { kind: 'special' };

const file = (size = 1, mode = 0o644): Node => ({ kind: 'file', size, mode });
const directory = (names: Record<string, Node>): Node => ({
  kind: 'directory',
  names: Object.entries(names),
});
const link = (to: string): Node => ({ kind: 'symlink', to });

/** A tree in memory; a directory may be made to fail after some names. */
class Tree implements ScanFileSystem {
  open = 0;
  mostOpen = 0;
  readonly #inodes = new Map<Node, number>();
  readonly #root: Node;

  constructor(names: Record<string, Node>) {
    this.#root = directory(names);
  }

  status(components: readonly string[]): FileStatus {
    return this.#statusOf(this.#follow(components));
  }

  openDirectory(components: readonly string[]): ScanDirectory {
    const node = this.#follow(components);
    if (node.kind !== 'directory') throw new JetStreamError('not-a-directory', 'not a directory');
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    return {
      names: function* () {
        for (const [at, [name]] of node.names.entries()) {
          if (at === node.failAfter) throw new JetStreamError('io-error', 'input/output error');
          yield Buffer.from(name as string);
        }
      },
      status: (name) => {
        const found = node.names.find(([other]) => other === name);
        return found && this.#statusOf(found[1]);
      },
      close: () => {
        this.open--;
      },
    };
  }

  #follow(components: readonly string[]): Node {
    let at = this.#root;
    for (const name of components) {
      const next = at.kind === 'directory' ? at.names.find(([other]) => other === name)?.[1] : undefined;
      if (next === undefined) throw new JetStreamError('not-found', `/${components.join('/')}: no such file`);
      at = next.kind === 'symlink' ? this.#follow(next.to.split('/').filter(Boolean)) : next;
    }
    return at;
  }

  #statusOf(node: Node): FileStatus {
    if (!this.#inodes.has(node)) this.#inodes.set(node, this.#inodes.size + 1);
    return {
      kind: node.kind,
      size: node.kind === 'file' ? node.size : 4096,
      mtimeSeconds: 1_700_000_000,
      mtimeNanoseconds: 123_456_789,
      mode: node.kind === 'file' ? (node.mode ?? 0o644) : 0o755,
      uid: 1000,
      gid: 1000,
      device: 1,
      inode: this.#inodes.get(node)!,
      links: 1,
    };
  }
}

interface Scan {
  targets: string[];
  problems: { source: string; code: ErrorCode; message: string }[];
  batches: ScanBatch[];
}

function scan(
  tree: Tree,
  mappings: Record<string, string>,
  symlinks: 'follow' | 'ignore' = 'follow',
  limits: { names?: number; bytes?: number } = {},
): Scan {
  const list = Object.entries(mappings).map(([source, target]) => ({ source, target }));
  const scanner = new Scanner({ fileSystem: tree, mappings: list, symlinks });
  const batches: ScanBatch[] = [];
  do batches.push(scanner.nextBatch(limits.names ?? 1000, limits.bytes));
  while (!batches.at(-1)!.done && batches.length < 10_000);
  expect(batches.at(-1)!.done).toBe(true);
  expect(tree.open, 'directories left open').toBe(0);
  const entries = batches.flatMap((batch) => batch.found.map(({ entry }) => entry));
  return {
    targets: entries.map(({ kind, targetPath }) => targetPath + (kind === 'directory' ? '/' : '')),
    problems: batches.flatMap((batch) => batch.problems),
    batches,
  };
}

describe('Scanner', () => {
  it('gives the names in a directory, then what is in its directories', () => {
    const tree = new Tree({
      a: directory({ sub: directory({ y: file() }), x: file(), empty: directory({}), z: file() }),
    });
    expect(scan(tree, { a: '/t' }).targets).toEqual([
      '/t/',
      '/t/sub/',
      '/t/x',
      '/t/empty/',
      '/t/z',
      '/t/sub/y',
    ]);
  });

  it('gives a file its mapped name, size, time and executable bit', () => {
    const tree = new Tree({ tool: file(7, 0o755), secret: file(3, 0o600) });
    const { batches } = scan(tree, { '/tool': 'bin/other', secret: 's' });
    expect(batches[0]!.found.map(({ entry }) => entry)).toEqual([
      {
        kind: 'file',
        targetPath: 'bin/other',
        size: 7,
        mtimeSeconds: 1_700_000_000,
        mtimeNanoseconds: 123_456_789,
        executable: true,
        sourceInode: expect.any(Number),
      },
      expect.objectContaining({ targetPath: 's', executable: false }),
    ]);
  });

  it('gives what is in a directory that is mapped to the root, but no entry for the root', () => {
    const tree = new Tree({ a: directory({ x: file() }) });
    expect(scan(tree, { a: '/' }).targets).toEqual(['/x']);
    expect(scan(tree, { '/': '' }).targets).toEqual(['/a/', '/a/x']);
  });

  it('follows symlinks or leaves them out', () => {
    const tree = new Tree({
      a: directory({ l: link('/b/f'), d: link('/b'), f: file() }),
      b: directory({ f: file(9) }),
    });
    expect(scan(tree, { a: 't' }, 'follow').targets).toEqual(['t/', 't/l', 't/d/', 't/f', 't/d/f']);
    expect(scan(tree, { a: 't' }, 'ignore').targets).toEqual(['t/', 't/f']);
  });

  it('follows a source that is itself a symlink in either mode', () => {
    const tree = new Tree({ l: link('/b'), b: directory({ f: file() }) });
    expect(scan(tree, { l: 't' }, 'ignore').targets).toEqual(['t/', 't/f']);
  });

  it('reports a symlink into a directory above it instead of going round for ever', () => {
    const tree = new Tree({
      a: directory({ b: directory({ up: link('/a'), self: link('/a/b'), f: file() }) }),
    });
    const { targets, problems } = scan(tree, { a: 't' });
    expect(targets).toEqual(['t/', 't/b/', 't/b/f']);
    expect(problems.map(({ source, code }) => [source, code])).toEqual([
      ['/a/b/up', 'path-refused'],
      ['/a/b/self', 'path-refused'],
    ]);
  });

  it('reports devices, dangling links, missing sources and names that are not UTF-8, and goes on', () => {
    const tree = new Tree({
      a: {
        kind: 'directory',
        names: [
          ['fifo', { kind: 'special' }],
          ['dangling', link('/gone')],
          [Uint8Array.of(0x66, 0xff, 0x1b), file()],
          ['f', file()],
        ],
      },
    });
    const { targets, problems } = scan(tree, { missing: 'm', a: 't', '../x': 'u', b: '../u' });
    expect(targets).toEqual(['t/', 't/f']);
    expect(problems.map(({ source, code }) => [source, code])).toEqual([
      ['missing', 'not-found'],
      ['/a/fifo', 'special-file'],
      ['/a/dangling', 'not-found'],
      ['/a/f\\xff\\x1b', 'name-invalid'],
      ['../x', 'path-refused'],
      ['b', 'path-refused'],
    ]);
    for (const { source, message } of problems) expect(message).toContain(source.replace(/^\//, ''));
  });

  it('reports a directory that cannot be read to its end, and goes on with the next', () => {
    const tree = new Tree({
      a: {
        kind: 'directory',
        names: [
          ['x', file()],
          ['y', file()],
        ],
        failAfter: 1,
      },
      b: directory({ z: file() }),
    });
    const { targets, problems } = scan(tree, { a: 'a', b: 'b' });
    expect(targets).toEqual(['a/', 'a/x', 'b/', 'b/z']);
    expect(problems).toEqual([expect.objectContaining({ source: '/a', code: 'io-error' })]);
  });

  it('does not mind a name that vanishes during the scan', () => {
    const tree = new Tree({ a: directory({ x: file(), y: file() }) });
    const open = tree.openDirectory.bind(tree);
    tree.openDirectory = (components) => {
      const handle = open(components);
      return { ...handle, status: (name) => (name === 'x' ? undefined : handle.status(name)) };
    };
    expect(scan(tree, { a: 't' }).targets).toEqual(['t/', 't/y']);
  });

  it('bounds a batch by names looked at and by bytes on the wire', () => {
    const names = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`${at}`.padStart(200, 'n'), file()]),
    );
    const tree = new Tree({ a: directory(names) });
    const byNames = scan(tree, { a: 't' }, 'ignore', { names: 7 });
    expect(Math.max(...byNames.batches.map(({ found }) => found.length))).toBe(7);
    const byBytes = scan(tree, { a: 't' }, 'ignore', { bytes: 1000 });
    expect(Math.max(...byBytes.batches.map(({ found }) => found.length))).toBeLessThanOrEqual(5);
    expect(byNames.targets).toEqual(byBytes.targets);
    expect(byNames.targets).toHaveLength(101);
  });

  it('reports what would be too deep for any path', () => {
    let deep: Node = directory({ f: file() });
    for (let depth = 0; depth < 2500; depth++) deep = directory({ dd: deep });
    const { targets, problems } = scan(new Tree({ deep }), { deep: 't' });
    expect(targets).toHaveLength(1366);
    expect(problems).toEqual([expect.objectContaining({ code: 'name-invalid' })]);
  });

  it('holds one directory open at a time, and none after it was closed', () => {
    let deep: Node = directory({ f: file() });
    for (let depth = 0; depth < 50; depth++) deep = directory({ d: deep, f: file() });
    const tree = new Tree({ deep });
    scan(tree, { deep: 't' });
    expect(tree.mostOpen).toBe(1);
    const scanner = new Scanner({
      fileSystem: tree,
      mappings: [{ source: 'deep', target: 't' }],
      symlinks: 'follow',
    });
    scanner.nextBatch(3);
    expect(tree.open).toBe(1);
    scanner.close();
    expect(tree.open).toBe(0);
  });
});
