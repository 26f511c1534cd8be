import type { Fate } from './fate.ts';

/**
 * In which order changes of names and attributes reach the disk. `journal`: one after the other, as ext4 and xfs do it, so a crash keeps the first
 * so many, each whole. `any`: every name and every file's attributes by itself, as POSIX allows: a rename may be found half done.
 */
export type MetadataOrder = 'journal' | 'any';

/** A value that is durable some time after it was set: what a name stands for, the attributes of a file. */
export class Cell<T> {
  current: T;
  durable: T;

  /** @param durable what the disk has; the value becomes current by a change in a journal */
  constructor(durable: T) {
    this.current = durable;
    this.durable = durable;
  }
}

interface Change {
  readonly cell: Cell<unknown>;
  readonly value: unknown;
}

export function change<T>(cell: Cell<T>, value: T): Change {
  return { cell: cell as Cell<unknown>, value };
}

/** The changes of a volume's names and attributes that are not durable yet. */
export class Journal {
  readonly #order: MetadataOrder;
  /** Each is atomic where there is a journal. */
  #pending: (readonly Change[])[] = [];

  constructor(order: MetadataOrder) {
    this.#order = order;
  }

  get length(): number {
    return this.#pending.length;
  }

  add(changes: readonly Change[]): void {
    for (const { cell, value } of changes) cell.current = value;
    this.#pending.push(changes);
  }

  /** Makes durable what these cells are; with a journal, all that came before it too. */
  sync(cells: ReadonlySet<Cell<unknown>>): void {
    const concerns = ({ cell }: Change) => cells.has(cell);
    if (this.#order === 'journal') {
      this.#keepFirst(this.#pending.findLastIndex((changes) => changes.some(concerns)) + 1);
      return;
    }
    for (const { cell, value } of this.#pending.flat().filter(concerns)) cell.durable = value;
    this.#pending = this.#pending
      .map((changes) => changes.filter((one) => !concerns(one)))
      .filter((changes) => changes.length > 0);
  }

  syncAll(): void {
    this.#keepFirst(this.#pending.length);
  }

  crash(fate: Fate): void {
    const all = this.#pending.flat();
    if (this.#order === 'journal') this.#keepFirst(fate(this.#pending.length + 1));
    else for (const [cell, states] of statesOf(all)) cell.durable = states[fate(states.length)];
    for (const { cell } of all) cell.current = cell.durable;
    this.#pending = [];
  }

  #keepFirst(count: number): void {
    for (const { cell, value } of this.#pending.splice(0, count).flat()) cell.durable = value;
  }
}

/** By cell, from the durable one on. */
function statesOf(changes: readonly Change[]): Map<Cell<unknown>, unknown[]> {
  const states = new Map<Cell<unknown>, unknown[]>();
  for (const { cell, value } of changes) {
    const known = states.get(cell);
    if (known === undefined) states.set(cell, [cell.durable, value]);
    else known.push(value);
  }
  return states;
}
