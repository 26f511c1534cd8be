import type { TransferRecord } from './record.ts';

type Key = 'manifestId' | 'destinationId';

/** Transfers by what they use, so that who asks for the users of one thing need not look at all of them. */
export class TransferIndex {
  readonly #ids = {
    manifestId: new Map<string, Set<string>>(),
    destinationId: new Map<string, Set<string>>(),
  };

  add(record: TransferRecord): void {
    for (const key of ['manifestId', 'destinationId'] as const) {
      const ids = this.#ids[key].get(record[key]) ?? new Set();
      this.#ids[key].set(record[key], ids.add(record.transferId));
    }
  }

  remove(record: TransferRecord): void {
    for (const key of ['manifestId', 'destinationId'] as const) {
      const ids = this.#ids[key].get(record[key]);
      ids?.delete(record.transferId);
      if (ids?.size === 0) this.#ids[key].delete(record[key]);
    }
  }

  idsOf(key: Key, id: string): ReadonlySet<string> {
    return this.#ids[key].get(id) ?? new Set();
  }
}
