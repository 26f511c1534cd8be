import { seededRandom } from '../seeded-random.ts';
import { FakeProcess } from './fake-process.ts';
import { FakeVolume, SOMEBODY, type VolumeOptions } from './fake-volume.ts';
import { type Fate, randomFate } from './fate.ts';
import { FaultPlan } from './fault.ts';
import { type DirectoryNode, nameKey, type Owner } from './nodes.ts';
import { type Operation, OperationLog } from './operation-log.ts';
import { walk } from './path-walk.ts';
import { systemError } from './system-error.ts';

export interface MachineOptions extends VolumeOptions {
  /** Of all that is left to chance; default 1. */
  seed?: number;
}

export interface ProcessOptions {
  /** Directory that it is held to, made where it is missing; default: the machine's root, with symlinks followed as the system does. */
  sandboxRoot?: string;
  /** Default: any number. */
  maxDescriptors?: number;
  /** As whom it works; default: as the one to whom all belongs. */
  owner?: Owner;
}

/**
 * A machine with file systems in memory, for tests: what is written is volatile until it is synced, a power cut takes what was not, and
 * everything that can go wrong does so by order or by seed. It takes no time; `log.diskTimeUs` counts what a disk would have needed.
 */
export class FakeMachine {
  readonly log = new OperationLog();
  readonly faults: FaultPlan;
  readonly random: () => number;
  /** The volume of its root directory. */
  readonly volume: FakeVolume;
  readonly #volumes: FakeVolume[] = [];
  readonly #processes = new Set<FakeProcess>();
  #end: { step: number; by: 'power cut' | 'kill' } | undefined;
  #clockUs = 1_700_000_000_000_000;

  constructor({ seed = 1, ...options }: MachineOptions = {}) {
    this.random = seededRandom(seed);
    this.faults = new FaultPlan(this.random);
    this.volume = this.#addVolume(options);
  }

  /** A program that uses the files, as `openStorage` gives them to one. */
  start({
    sandboxRoot,
    maxDescriptors = Number.POSITIVE_INFINITY,
    owner = SOMEBODY,
  }: ProcessOptions = {}): FakeProcess {
    let root = this.volume.root;
    for (const name of (sandboxRoot ?? '').split('/').filter(Boolean)) {
      const known = root.child(nameKey(name));
      if (known !== undefined && known.kind !== 'directory') throw systemError('ENOTDIR', 'open');
      root = known ?? root.volume.makeDirectory(root, nameKey(name), 0o700);
    }
    const rule = sandboxRoot === undefined ? 'system' : 'beneath';
    const process = new FakeProcess(this, root, rule, maxDescriptors, owner);
    this.#processes.add(process);
    return process;
  }

  /** A disk more, whose root stands from now on where a directory stands. */
  mount(path: string, options: VolumeOptions = {}): FakeVolume {
    const mountPoint = walk(this.volume.root, path.split('/').filter(Boolean), 'system') as DirectoryNode;
    mountPoint.volume.syncAll();
    const volume = this.#addVolume(options);
    mountPoint.mounted = volume.root;
    return volume;
  }

  /**
   * Lets an operation, counted from 1 (`log.steps`), never happen: the power is cut before it, or all processes are killed. Whoever calls gets
   * an `Interruption` from then on.
   */
  endAt(step: number, by: 'power cut' | 'kill' = 'power cut'): void {
    this.#end = { step, by };
  }

  /** All processes end; the system keeps what they wrote. */
  kill(): void {
    this.#end = undefined;
    for (const process of this.#processes) process.end();
    this.#processes.clear();
    this.log.note('killed');
  }

  /**
   * The power is cut, and comes again: all processes are gone, and the disks have what was synced, and of the rest what `fate` wills.
   * @param fate default: by seed, for each file by itself
   */
  crash(fate?: Fate): void {
    this.kill();
    for (const volume of this.#volumes) {
      if (fate === undefined) volume.crash(randomFate(this.random), this.random);
      else volume.crash(fate, undefined);
    }
    this.log.note('power cut');
  }

  /** Of a file at rest: the disk, and whoever reads it, has another bit there. */
  flipBit(path: string, offset: number, bit = 0): void {
    const node = walk(this.volume.root, path.split('/').filter(Boolean), 'system');
    if (node.kind !== 'file') throw systemError('EISDIR', 'open');
    node.content.flipBit(offset, bit);
  }

  /** All that was written is durable. */
  syncAll(): void {
    for (const volume of this.#volumes) volume.syncAll();
  }

  /** As the clock says; never twice the same, unless it was set. */
  now(): { mtimeSeconds: number; mtimeNanoseconds: number } {
    this.#clockUs++;
    return {
      mtimeSeconds: Math.floor(this.#clockUs / 1e6),
      mtimeNanoseconds: (this.#clockUs % 1e6) * 1000,
    };
  }

  /** Forwards or back. */
  moveClock(seconds: number): void {
    this.#clockUs += seconds * 1e6;
  }

  /** An operation of a process begins. @throws the system error, or an `Interruption`, that keeps it from happening */
  begin(process: FakeProcess, operation: Operation, path: string): void {
    if (process.hasEnded) throw new Interruption();
    if (this.#end !== undefined && this.log.steps + 1 >= this.#end.step) {
      if (this.#end.by === 'kill') this.kill();
      else this.crash();
      throw new Interruption();
    }
    this.log.add(operation, path);
    const errno = this.faults.meet(operation, path);
    if (errno !== undefined) throw systemError(errno, operation);
  }

  #addVolume(options: VolumeOptions): FakeVolume {
    const volume = new FakeVolume(this, 0x100 + this.#volumes.length, { ...options });
    this.#volumes.push(volume);
    return volume;
  }
}

/** The process is there no more: what its code still does is done by nobody. */
export class Interruption extends Error {
  constructor() {
    super('the process has ended, by order of the test');
  }
}
