import type { Operation } from '../database/write-queue.ts';

/** One object put or deleted, to be written together with others by `State.write`. */
export interface Change {
  /** For the state alone. Changes the mirror. @throws JetStreamError `invalid-argument`, `limit-exceeded`, with nothing changed */
  readonly apply: () => AppliedChange;
}

export interface AppliedChange {
  /** What is to be written; undefined where nothing is kept. */
  operation: Operation | undefined;
  /** Takes the change of the mirror back. @returns how that stands in the database */
  undo: () => Operation | undefined;
}

/** Changes the mirrors at once, or, when one of the changes cannot be, none of them. */
export function applyChanges(changes: readonly Change[]): {
  operations: Operation[];
  undo: () => Operation[];
} {
  const applied: AppliedChange[] = [];
  const undo = () =>
    applied
      .toReversed()
      .map((change) => change.undo())
      .filter((operation) => operation !== undefined);
  try {
    for (const change of changes) applied.push(change.apply());
  } catch (error) {
    undo();
    throw error;
  }
  const operations = applied.map(({ operation }) => operation).filter((operation) => operation !== undefined);
  return { operations, undo };
}
