import type { TransferRecord } from './record.ts';

const USES = ['manifestId', 'destinationId', 'owner'] as const;
export type TransferUse = (typeof USES)[number];

/** Transfers by what they use and whose they are, so that who asks for those of one thing need not look at all of them. */
export class TransferIndex {
  readonly #ids: Record<TransferUse, Map<string, Set<string>>> = {
    manifestId: new Map(),
    destinationId: new Map(),
    owner: new Map(),
  };

  add(record: TransferRecord): void {
    for (const use of USES) {
      const ids = this.#ids[use].get(record[use]) ?? new Set();
      this.#ids[use].set(record[use], ids.add(record.transferId));
    }
  }

  remove(record: TransferRecord): void {
    for (const use of USES) {
      const ids = this.#ids[use].get(record[use]);
      ids?.delete(record.transferId);
      if (ids?.size === 0) this.#ids[use].delete(record[use]);
    }
  }

  idsOf(use: TransferUse, id: string): ReadonlySet<string> {
    return this.#ids[use].get(id) ?? new Set();
  }
}
