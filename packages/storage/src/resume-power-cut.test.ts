import { createTargetResolver } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { decodeSegment } from './digest-segment.ts';
import type { FileStatus } from './file-system.ts';
import type { ResumeRecord } from './resume-record.ts';
import { FakeMachine, Interruption } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { randomContent } from './testing/random-tree.ts';
import { RecordStore } from './testing/record-store.ts';
import type { Surroundings } from './testing/surroundings.ts';
import { type TransferOutcome, transfer } from './testing/transfer.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeWriter } from './tree-writer.ts';

const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({});
const SEEDS = 1000;

/** A copy that is begun, ends at any moment, and is begun again until it comes through. */
class BrokenCopying {
  readonly machine: FakeMachine;
  readonly surroundings: Surroundings;
  /** As far as it reached the disk before the machine ended. */
  store = new RecordStore();
  /** What was done before it was checked, for messages. */
  story = '';
  readonly #source = new Map<string, Buffer>();
  readonly #seed: number;
  readonly #random: () => number;
  #runs = 0;
  /** Changes of the store that are on their way to its disk. */
  #unsaved: (() => void)[] = [];
  #renamed = new Set<string>();
  /** Checkpoints until it ends. */
  #endings = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.machine = new FakeMachine({ seed, order: seed % 2 === 0 ? 'any' : 'journal' });
    const { machine } = this;
    this.#random = machine.random;
    this.surroundings = fakeSurroundings(machine);
    const { surroundings } = this;
    for (const directory of ['/source/d', '/target/copy']) surroundings.makeDirectory(directory);
    machine.mount('/target', { ...machine.volume.options, syncable: seed % 3 !== 0 });
    surroundings.makeDirectory('/target/copy');
    for (let at = this.#below(3); at >= 0; at--) this.#make(`d/${at}`, this.#below(9000));
    const chunks = seed % 3 === 0 ? 3 : 2;
    const tail = 1 + this.#below(seed % 16 === 0 ? BLOCK_BYTES : 9000);
    this.#make('d/big', (chunks - 1) * BLOCK_BYTES + tail);
    if (seed % 10 === 0) this.#make('other', BLOCK_BYTES + 1 + this.#below(9000));
    machine.syncAll();
  }

  /** A run of it. @returns undefined: it came to no end */
  run(): TransferOutcome | undefined {
    const { machine } = this;
    const transferId = `0123abcd${String(++this.#runs).padStart(8, '0')}00000000`;
    const target = machine.start({ sandboxRoot: '/target', maxDescriptors: 6 + this.#below(20) });
    const writer = createTreeWriter({
      fileSystem: target,
      blake3,
      resolve,
      transferId,
      maxEntries: 1000,
      maxOpenHandles: 1 + this.#below(8),
      umask: 0o022,
      resumable: true,
      pathOf: (components) => ['/target', ...components].join('/'),
      uid: target.owner.uid,
      skip: 'by-status',
    });
    const reader = createTreeReader({
      fileSystem: machine.start({ sandboxRoot: '/source' }),
      blake3,
      mappings: [{ source: '/', target: 'copy' }],
      symlinks: 'follow',
    });
    try {
      const outcome = transfer(reader, writer, {
        claim: (lookups) => this.store.claim(lookups),
        isEager: this.#seed % 4 === 1,
        planBytes: 1 + this.#below(3) * BLOCK_BYTES,
        checkpointBlocks: 1,
        onCheckpoint: (updates) => {
          this.#save(() => this.store.save(updates));
          this.#endWithin(30);
        },
        onResult: ({ code, message, recordKey }) => {
          if (code !== 'none') throw new Error(message);
          if (recordKey !== undefined) this.#save(() => this.store.remove([recordKey]));
        },
      });
      const { deadPartials } = writer.finish();
      this.#saveAll();
      writer.removeDead(this.store.dead(deadPartials));
      return outcome;
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      return undefined;
    } finally {
      this.#unsaved = [];
      this.#endings = 0;
      machine.kill();
      for (const entry of machine.log.take()) {
        this.story += `${entry}\n`;
        if (entry.startsWith('rename ')) this.#renamed.add(`/target${entry.slice('rename '.length)}`);
      }
      this.story += `-- ${transferId}\n`;
    }
  }

  /** The next run does, at any moment, or soon after one of its checkpoints. */
  endSoon(): void {
    this.#endings = this.#below(4) === 0 ? 0 : 1 + this.#below(2);
    if (this.#endings === 0) this.#endWithin(100, 1);
  }

  #endWithin(steps: number, endings = this.#endings--): void {
    const by = this.#below(3) === 0 ? 'kill' : 'power cut';
    if (endings === 1) this.machine.endAt(this.machine.log.steps + 1 + this.#below(steps), by);
  }

  /** What the next run may have to send at most. */
  get missingBytes(): number {
    let bytes = this.#seed % 4 === 1 ? 2 * BLOCK_BYTES : 0;
    for (const [path, { byteLength }] of this.#source) {
      if (!this.#isDone(path)) bytes += byteLength - this.#recordedBytes(`/target/copy/${path}`);
    }
    return bytes;
  }

  /** By seed: a bit of an unfinished file, or of its record, is another one. @returns whether there was one */
  flipBit(of: 'partial' | 'record'): boolean {
    const record = [...this.store.records.values()][0];
    if (record === undefined) return false;
    if (of === 'record') {
      this.store.remove([record.key]);
      const damaged = this.#damaged(record);
      this.store.records.set(record.key, damaged);
      return true;
    }
    const path = record.key.replace(/[^/]*$/, record.partialName);
    const status = this.#statusOf(path);
    // Of a rename that is found half done it is the file at its target.
    if (status === undefined || status.size === 0 || status.links > 1) return false;
    this.machine.flipBit(path, this.#below(status.size), this.#below(8));
    return true;
  }

  check(): void {
    for (const [path, content] of this.#source) {
      if (!this.#isDone(path)) throw new Error(`${path} is not there, or is not as old as it should be`);
      const found = this.surroundings.read(`/target/copy/${path}`);
      if (Buffer.compare(found, content) !== 0) throw new Error(`${path} has other content`);
    }
    const left = this.surroundings.names('/target/copy').filter((path) => path.includes('.jspart-'));
    if (left.length > 0) throw new Error(`left: ${left.join()}`);
  }

  #isDone(path: string): boolean {
    const [source, target] = ['/source', '/target/copy'].map((root) => this.#statusOf(`${root}/${path}`));
    return target?.size === source!.size && target.mtimeSeconds === source!.mtimeSeconds;
  }

  #statusOf(path: string): FileStatus | undefined {
    const isThere = path.split('/').every((_, at, names) => {
      return at < 2 || this.surroundings.status(names.slice(0, at).join('/')) !== undefined;
    });
    return isThere ? this.surroundings.status(path) : undefined;
  }

  #recordedBytes(target: string): number {
    const record = this.store.records.get(target);
    if (record === undefined) return 0;
    const partial = this.#statusOf(target.replace(/[^/]*$/, record.partialName));
    // Without a journal a rename may be found half done, or have taken both names.
    const isBeingNamed = this.#seed % 2 === 0 && this.#renamed.has(target);
    if (partial === undefined || partial.links > 1) {
      if (isBeingNamed) return 0;
      throw new Error(`${target} has a record, and its unfinished file is gone`);
    }
    const chunks = record.segments.flatMap(({ digests }) => decodeSegment(digests)!);
    const sizes = chunks.map(({ chunk }) => Math.min(BLOCK_BYTES, record.size - chunk * BLOCK_BYTES));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** The store is another process's disk: by seed it has what it was given, or not yet. */
  #save(change: () => void): void {
    this.#unsaved.push(change);
    if (this.#random() < 0.5) this.#saveAll();
  }

  #saveAll(): void {
    for (const change of this.#unsaved.splice(0)) change();
  }

  #damaged(record: ResumeRecord): ResumeRecord {
    const damaged = structuredClone(record);
    const bit = (value: number) => value ^ (1 << this.#below(30));
    const kinds = [
      () => {
        const { digests } = damaged.segments[this.#below(damaged.segments.length)]!;
        digests[this.#below(digests.byteLength)]! ^= 1 << this.#below(8);
      },
      () => {
        const name = Buffer.from(damaged.partialName);
        name[this.#below(name.byteLength)]! ^= 1 << this.#below(7);
        damaged.partialName = name.toString();
      },
      () => {
        damaged.partialInode = bit(damaged.partialInode);
      },
      () => {
        damaged.size = bit(damaged.size);
      },
      () => {
        damaged.segments[0]!.number = bit(0);
      },
      () => {
        damaged.segments[0]!.digests = damaged.segments[0]!.digests.slice(this.#below(200));
      },
    ];
    kinds[this.#below(kinds.length)]!();
    return damaged;
  }

  #make(path: string, byteLength: number): void {
    const content = randomContent(this.#random, byteLength);
    this.#source.set(path, content);
    this.surroundings.write(`/source/${path}`, content);
    this.surroundings.setTime(`/source/${path}`, 1_600_000_000 + this.#below(1000));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function tried(seed: number, run: (copying: BrokenCopying) => void): void {
  const copying = new BrokenCopying(seed);
  try {
    run(copying);
  } catch (error) {
    throw new Error(`seed ${seed}, ${(error as Error).message}\n${copying.story}`, { cause: error });
  }
}

describe('a copy that ends at any moment and is begun again', () => {
  it('is equal in the end, has left nothing, and sent nothing twice that was recorded', () => {
    let resumed = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      tried(seed, (copying) => {
        for (let runs = seed % 4 === 0 ? 2 : 1; runs > 0; runs--) {
          copying.endSoon();
          copying.run();
        }
        const bound = copying.missingBytes;
        const outcome = copying.run()!;
        copying.check();
        const { sentBytes, notes } = outcome;
        if (sentBytes > bound) throw new Error(`${sentBytes} bytes were sent, ${bound} were not there`);
        if (notes.some((note) => note.includes('goes on'))) resumed++;
      });
    }
    if (resumed < SEEDS / 8) throw new Error(`only ${resumed} of ${SEEDS} copies were gone on with`);
  });

  it.each(['partial', 'record'] as const)('is equal also when a bit of a %s is another one by then', (of) => {
    let flipped = 0;
    for (let seed = 1; seed <= SEEDS / 8; seed++) {
      tried(seed, (copying) => {
        copying.endSoon();
        copying.run();
        if (copying.flipBit(of)) flipped++;
        copying.run();
        copying.check();
      });
    }
    if (flipped < SEEDS / 80) throw new Error(`only ${flipped} bits were flipped`);
  });
});
