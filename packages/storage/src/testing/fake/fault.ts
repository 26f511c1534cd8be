import type { Operation } from './operation-log.ts';
import type { Errno } from './system-error.ts';

/** Something that goes wrong by order of a test. */
export interface Fault {
  operation: Operation;
  errno: Errno;
  /** Default: of any file. Of a partial file it is the final name. */
  path?: RegExp;
  /** The first so many times it goes well; default 0. */
  after?: number;
  /** Then it goes wrong so many times; default always. */
  times?: number;
  /** 0…1, then: how often; default 1. */
  chance?: number;
}

/** Faults of a machine, counted. */
export class FaultPlan {
  readonly #faults: { fault: Fault; met: number }[] = [];
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  add(...faults: readonly Fault[]): void {
    this.#faults.push(...faults.map((fault) => ({ fault, met: 0 })));
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** What goes wrong with this operation, if anything. */
  meet(operation: Operation, path: string): Errno | undefined {
    let errno: Errno | undefined;
    for (const planned of this.#faults) {
      const { after = 0, times = Number.POSITIVE_INFINITY, chance = 1, ...fault } = planned.fault;
      if (fault.operation !== operation || fault.path?.test(path) === false) continue;
      if (chance < 1 && this.#random() >= chance) continue;
      planned.met++;
      if (planned.met > after && planned.met <= after + times) errno ??= fault.errno;
    }
    return errno;
  }
}
