import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, it } from 'vitest';
import type { OverwriteMode, SkipRule } from './overwrite-mode.ts';
import { copyTree } from './testing/copy-tree.ts';
import { FakeMachine, Interruption } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { randomContent } from './testing/random-tree.ts';
import { RecordStore } from './testing/record-store.ts';
import type { Surroundings } from './testing/surroundings.ts';
import type { EntryResult } from './tree-writer.ts';

const SEEDS = 400;
const MODES: OverwriteMode[] = [
  'in-place-never',
  'in-place-always',
  'in-place-same-size',
  'partfile-never',
  'partfile-always',
  'partfile-backup',
];
const SKIPS: SkipRule[] = ['by-status', 'by-digest', 'nothing'];
/** `disguised`: of the source's size and time, with another content. */
const STANDING = [
  'nothing',
  'equal',
  'older',
  'touched',
  'shorter',
  'longer',
  'disguised',
  'directory',
  'symlink',
  'dangling',
  'fifo',
  'read-only',
  'hard link',
] as const;
const WRITTEN_INTO = ['nothing', 'older', 'longer', 'shorter', 'disguised', 'hard link'] as const;
type Standing = (typeof STANDING)[number];

/** What is found under a name: its kind, and of a file its content and time. */
function found(surroundings: Surroundings, path: string): string {
  const status = surroundings.status(path);
  if (status?.kind !== 'file') return status?.kind ?? 'nothing';
  const content = surroundings.read(path).toString('latin1');
  return `${content} ${status.mtimeSeconds}.${status.mtimeNanoseconds}`;
}

/** One file, what stands at its target, and how it is to be copied there. */
class Overwriting {
  readonly machine: FakeMachine;
  readonly surroundings: Surroundings;
  readonly overwrite: OverwriteMode;
  readonly standing: Standing;
  readonly skip: SkipRule;
  readonly source: string;
  readonly before: string;
  readonly store = new RecordStore();
  readonly result = new Map<string, EntryResult>();
  story = '';
  #runs = 0;

  constructor(seed: number) {
    this.machine = new FakeMachine({
      seed,
      order: seed % 2 === 0 ? 'any' : 'journal',
      syncable: seed % 3 > 0,
    });
    const { machine } = this;
    this.surroundings = fakeSurroundings(machine);
    // Every other seed where there is most to go wrong.
    const isInPlace = seed % 4 < 2;
    this.overwrite = this.#pick(isInPlace ? MODES.slice(1, 3) : MODES);
    this.standing = this.#pick(isInPlace ? WRITTEN_INTO : STANDING);
    this.skip = this.#pick(SKIPS);
    const size = seed % 10 === 0 ? 2 * BLOCK_BYTES + 5 : 1 + Math.floor(machine.random() * 9000);
    this.#put(randomContent(machine.random, size));
    machine.syncAll();
    this.source = found(this.surroundings, '/source/f');
    this.before = found(this.surroundings, '/target/f');
  }

  run(): void {
    this.result.clear();
    try {
      copyTree(this.surroundings, {
        transferId: `0123abcd${String(++this.#runs).padStart(8, '0')}00000000`,
        resumable: true,
        overwrite: this.overwrite,
        skip: this.skip,
        maxOpenHandles: 1 + Math.floor(this.machine.random() * 8),
        transfer: {
          claim: (lookups) => this.store.claim(lookups),
          checkpointBlocks: 1,
          onCheckpoint: (updates) => this.store.save(updates),
          onResult: (result) => this.#take(result),
        },
      });
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
    }
    this.machine.kill();
    this.story += `\n${this.machine.log.toString()}`;
    this.machine.log.take();
  }

  #take(result: EntryResult): void {
    this.result.set(result.target, result);
    if (result.recordKey !== undefined) this.store.remove([result.recordKey]);
  }

  /** After a run that ended early. */
  check(): void {
    const now = found(this.surroundings, '/target/f');
    const [isNew, isOld] = [now === this.source, now === this.before];
    if (this.result.get('/f')?.code === 'none')
      this.#expect(isNew || this.#isSkippedByStatus, 'said to be done, and is not');
    if (!this.overwrite.startsWith('in-place'))
      this.#expect(isNew || isOld || this.#isSkippedByStatus, 'neither old nor new');
    if (this.overwrite.endsWith('never') && this.before !== 'nothing') {
      this.#expect(isOld || this.#isCorrected, 'was not to be replaced');
    }
    const { status } = this.surroundings;
    const [target, source] = [status('/target/f'), status('/source/f')];
    const isAlike =
      target?.kind === 'file' &&
      target.size === source?.size &&
      target.mtimeSeconds === source.mtimeSeconds &&
      target.mtimeNanoseconds === source.mtimeNanoseconds;
    if (isAlike) this.#expect(isNew || isOld, 'would be taken for equal');
    if (this.standing === 'hard link' && !this.overwrite.startsWith('in-place')) {
      this.#expect(
        found(this.surroundings, '/target/other').startsWith('other'),
        'its other name was written to',
      );
    }
    if (this.standing === 'symlink') {
      this.#expect(found(this.surroundings, '/target/other').startsWith('other'), 'was written through');
    }
  }

  /** After a run that came to its end. */
  checkEnd(): void {
    this.check();
    const { code } = this.result.get('/f') ?? { code: 'no result' };
    const now = found(this.surroundings, '/target/f');
    if (code === 'none') this.#expect(now === this.source || this.#isSkippedByStatus, 'is not as its source');
    const left = this.surroundings.names('/target').filter((name) => name.includes('.jspart-'));
    this.#expect(left.length === 0, `${left} is left`);
  }

  get #isSkippedByStatus(): boolean {
    return this.skip === 'by-status' && this.standing === 'disguised';
  }

  /** It was the same file but for its time. */
  get #isCorrected(): boolean {
    return this.standing === 'equal' || this.standing === 'touched';
  }

  #expect(holds: boolean, what: string): void {
    if (!holds) throw new Error(`${this.overwrite}, ${this.skip}, over ${this.standing}: ${what}`);
  }

  #put(content: Buffer): void {
    const { surroundings } = this;
    surroundings.makeDirectory('/source');
    surroundings.makeDirectory('/target');
    surroundings.write('/source/f', content);
    surroundings.setTime('/source/f', 1_600_000_000, 123_000);
    const path = '/target/f';
    const other = Buffer.from(content);
    // In each sector, so that a torn one is neither.
    for (let at = 0; at < other.byteLength; at += 512) other[at]! ^= 1;
    const put: Record<Standing, () => void> = {
      nothing: () => {},
      directory: () => surroundings.makeDirectory(path),
      fifo: () => surroundings.makeFifo(path),
      dangling: () => surroundings.makeSymlink('nowhere', path),
      symlink() {
        surroundings.write('/target/other', 'other');
        surroundings.makeSymlink('other', path);
      },
      'hard link'() {
        surroundings.write('/target/other', 'other');
        surroundings.link('/target/other', path);
      },
      shorter: () => surroundings.write(path, content.subarray(0, -1)),
      longer: () => surroundings.write(path, Buffer.concat([content, content])),
      touched: () => surroundings.write(path, content),
      older: () => surroundings.write(path, other),
      'read-only'() {
        surroundings.write(path, other);
        surroundings.setMode(path, 0o444);
      },
      equal() {
        surroundings.write(path, content);
        surroundings.setTime(path, 1_600_000_000, 123_000);
      },
      disguised() {
        surroundings.write(path, other);
        surroundings.setTime(path, 1_600_000_000, 123_000);
      },
    };
    put[this.standing]();
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.machine.random() * list.length)]!;
  }
}

function tried(seed: number, run: (overwriting: Overwriting) => void): void {
  const overwriting = new Overwriting(seed);
  try {
    run(overwriting);
  } catch (error) {
    throw new Error(`seed ${seed}, ${(error as Error).message}\n${overwriting.story}`, { cause: error });
  }
}

describe('whatever stands at a target, in every overwrite mode,', () => {
  it('a power cut leaves a file that is right, or that the next run does not take for right, which mends it', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      tried(seed, (overwriting) => {
        const { machine } = overwriting;
        machine.endAt(machine.log.steps + 1 + Math.floor(machine.random() * 35));
        overwriting.run();
        machine.crash();
        overwriting.check();
        overwriting.run();
        overwriting.checkEnd();
      });
    }
  });

  it('a run that is killed does so too, and so does a disk that fails', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      tried(seed, (overwriting) => {
        const { machine } = overwriting;
        if (seed % 2 === 0) machine.endAt(machine.log.steps + 1 + Math.floor(machine.random() * 35), 'kill');
        else {
          for (const [operation, errno] of [
            ['write', 'ENOSPC'],
            ['rename', 'EDQUOT'],
            ['create file', 'EROFS'],
            ['sync file', 'EIO'],
            ['write-back', 'EIO'],
            ['read', 'EIO'],
            ['set attributes', 'EIO'],
            ['truncate', 'EIO'],
            ['link', 'EPERM'],
          ] as const) {
            machine.faults.add({ operation, errno, path: /^.f$/, chance: 0.15 });
          }
        }
        overwriting.run();
        overwriting.check();
        machine.faults.clear();
        machine.crash();
        overwriting.check();
        overwriting.run();
        overwriting.checkEnd();
      });
    }
  });
});
