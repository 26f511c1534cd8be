import { createTargetResolver, escapeName, isPartialName } from '@jetstream/manifest';
import { describe, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { FakeMachine, Interruption } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { makeRandomTree, randomContent } from './testing/random-tree.ts';
import { transfer } from './testing/transfer.ts';
import { treeSnapshot } from './testing/tree-snapshot.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeWriter, type EntryResult } from './tree-writer.ts';

const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({});
const SEEDS = 1000;

type Tree = Record<string, string>;

/** A machine with a tree to copy, and targets of which some are there already, older. */
class Copying {
  readonly machine: FakeMachine;
  readonly #random: () => number;
  readonly source: Tree;
  readonly older: Tree;
  /** Files may have other results, too. */
  mayFail = false;
  /** What was done before it was checked, for messages. */
  story = '';
  /** Results that were given for entries that are done. */
  readonly done = new Set<string>();

  constructor(seed: number) {
    this.machine = new FakeMachine({ seed, order: seed % 2 === 0 ? 'any' : 'journal' });
    const { machine } = this;
    this.#random = machine.random;
    const surroundings = fakeSurroundings(machine);
    surroundings.makeDirectory('/source');
    surroundings.makeDirectory('/target/copy');
    machine.mount('/target', { ...machine.volume.options, syncable: seed % 3 !== 0 });
    surroundings.makeDirectory('/target/copy');
    makeRandomTree(surroundings, '/source', machine.random, {
      entries: 3 + this.#below(15),
      largeShare: 0.01,
      maxSmallBytes: 30_000,
    });
    this.source = treeSnapshot(machine.start({ sandboxRoot: '/source' }));
    for (const [path, status] of Object.entries(this.source)) {
      if (machine.random() < 0.5) continue;
      const target = `/target/copy/${path}`;
      surroundings.makeDirectory(status.startsWith('directory') ? target : target.replace(/\/[^/]*$/, ''));
      if (status.startsWith('directory')) continue;
      surroundings.write(target, randomContent(machine.random, this.#below(20_000)));
      surroundings.setTime(target, 1_000_000_000 + this.#below(1000));
    }
    machine.syncAll();
    this.older = treeSnapshot(machine.start({ sandboxRoot: '/target/copy' }));
  }

  /** A run of it, to its end or to that of its process. */
  run(transferId: string): void {
    const { machine } = this;
    const reader = createTreeReader({
      fileSystem: machine.start({ sandboxRoot: '/source' }),
      blake3,
      mappings: [{ source: '/', target: 'copy' }],
      symlinks: 'follow',
    });
    const writer = createTreeWriter({
      fileSystem: machine.start({ sandboxRoot: '/target', maxDescriptors: 5 + this.#below(40) }),
      blake3,
      resolve,
      transferId,
      maxEntries: 1000,
      maxOpenHandles: 1 + this.#below(20),
      umask: 0o022,
    });
    try {
      transfer(reader, writer, {
        batchEntries: 1 + this.#below(20),
        onResult: (result) => this.#done(result),
      });
      writer.finish();
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
    }
    machine.kill();
  }

  endSoon(by: 'power cut' | 'kill'): void {
    this.machine.endAt(this.machine.log.steps + 1 + this.#below(200), by);
  }

  /** Every name stands for what it stood for, or for all that is to stand there; and for that if somebody was told so. */
  check(): void {
    this.story = this.machine.log.toString();
    const found = treeSnapshot(this.machine.start({ sandboxRoot: '/target/copy' }));
    const isFile = (status: string | undefined) => status?.startsWith('directory') === false;
    for (const [path, status] of Object.entries(found)) {
      if (!isFile(status) || isPartialName(path.split('/').at(-1)!)) continue;
      if (status !== this.older[path] && status !== this.source[path]) {
        throw new Error(`${escapeName(path)} is neither old nor new: ${status}`);
      }
    }
    for (const path of Object.keys(this.older)) {
      if (found[path] === undefined) throw new Error(`${escapeName(path)} was there and is not any more`);
    }
    for (const path of this.done) {
      const isThere = isFile(this.source[path])
        ? found[path] === this.source[path]
        : found[path] !== undefined;
      if (!isThere) throw new Error(`${escapeName(path)} was said to be done, and is ${found[path]}`);
    }
  }

  #done({ code, message, target }: EntryResult): void {
    if (code !== 'none' && !this.mayFail) throw new Error(`${target}: ${message}`);
    if (code === 'none' && target !== '/copy') this.done.add(target.slice('/copy/'.length));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function tried(seed: number, run: (copying: Copying) => void): void {
  const copying = new Copying(seed);
  try {
    run(copying);
  } catch (error) {
    throw new Error(`seed ${seed}, ${(error as Error).message}\n${copying.story}`, { cause: error });
  }
}

describe('a power cut at any moment', () => {
  it('leaves each file old or new, and new for good when its result was given', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      tried(seed, (copying) => {
        copying.endSoon('power cut');
        copying.run('t');
        copying.machine.crash();
        copying.check();
      });
    }
  });

  it('of a disk that loses some of what it took does so too', () => {
    for (let seed = 1; seed <= SEEDS / 2; seed++) {
      tried(seed, (copying) => {
        const { faults } = copying.machine;
        copying.mayFail = true;
        faults.add({ operation: 'write-back', errno: 'EIO', chance: 0.1 });
        faults.add({ operation: 'write', errno: 'ENOSPC', path: /copy/, chance: 0.02 });
        faults.add({ operation: 'sync directory', errno: 'EIO', chance: 0.02 });
        faults.add({ operation: 'close file', errno: 'EDQUOT', path: /copy/, chance: 0.02 });
        if (seed % 4 > 0) copying.endSoon('power cut');
        copying.run('t');
        copying.machine.crash();
        faults.clear();
        copying.check();
      });
    }
  });

  it('after a run that was killed does so too', () => {
    for (let seed = 1; seed <= SEEDS / 2; seed++) {
      tried(seed, (copying) => {
        copying.endSoon('kill');
        copying.run('first');
        copying.check();
        if (seed % 4 > 0) copying.endSoon('power cut');
        copying.run('second');
        copying.machine.crash();
        copying.check();
      });
    }
  });
});
