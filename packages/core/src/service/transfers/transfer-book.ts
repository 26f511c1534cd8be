import type { Change } from '@jetstream/state';
import type { Draft } from '../draft.ts';
import type { ServiceEvents } from '../events.ts';
import { inOneShape, type TransferRecord } from './record.ts';
import { TransferIndex, type TransferUse } from './transfer-index.ts';
import type { TransferTimes } from './transfer-times.ts';

/** Where records are kept: all of them in memory too, and there as last put, also while that is being written. */
export interface TransferStore {
  get(transferId: string): TransferRecord | undefined;
  values(): IterableIterator<TransferRecord>;
  /** Resolves when it is durable. @param also written in one with it */
  put(transferId: string, record: TransferRecord, also?: readonly Change[]): Promise<void>;
  /** Durable in a while. */
  putLater(transferId: string, record: TransferRecord): void;
  delete(transferId: string): Promise<void>;
}

/**
 * All transfers, as far as they are kept: changes of one go one after the other, each is durable before it is told, and is told
 * once.
 */
export class TransferBook {
  readonly #store: TransferStore;
  readonly #times: TransferTimes;
  readonly #events: Pick<ServiceEvents, 'emit'>;
  readonly #index = new TransferIndex();
  readonly #describe: (record: TransferRecord) => object;
  /** What is being written now, as it was before: nobody hears of what is not durable. */
  readonly #unwritten = new Map<string, TransferRecord | undefined>();
  /** Last change of each transfer that is being changed. */
  readonly #changes = new Map<string, Promise<unknown>>();
  readonly #watchers = new Map<string, Set<() => void>>();

  /** @param describe what events show of it */
  constructor(
    store: TransferStore,
    times: TransferTimes,
    events: Pick<ServiceEvents, 'emit'>,
    describe: (record: TransferRecord) => object,
  ) {
    this.#store = store;
    this.#times = times;
    this.#events = events;
    this.#describe = describe;
    for (const record of store.values()) this.#index.add(record);
  }

  /** As it is on disk. */
  get(transferId: string): TransferRecord | undefined {
    if (this.#unwritten.has(transferId)) return this.#unwritten.get(transferId);
    return this.#store.get(transferId);
  }

  /** All of them, as they are on disk. */
  *values(): IterableIterator<TransferRecord> {
    for (const { transferId } of this.#store.values()) {
      const record = this.get(transferId);
      if (record !== undefined) yield record;
    }
  }

  /** Set by whoever wants to know: a transfer has come to another status, durably. */
  onStatus: (record: TransferRecord) => void = () => undefined;

  /** Set by whoever wants something to be written in one with another status. */
  draftAlong: (record: TransferRecord) => Draft | undefined = () => undefined;

  countOf(owner: string): number {
    return this.#index.idsOf('owner', owner).size;
  }

  *usersOf(use: TransferUse, id: string): IterableIterator<TransferRecord> {
    for (const transferId of this.#index.idsOf(use, id)) {
      const record = this.get(transferId);
      if (record !== undefined) yield record;
    }
  }

  /** Those that an API token made, and those that it is making. */
  madeBy(token: string): string[] {
    const made = [...this.#store.values()].filter(({ ownerToken }) => ownerToken === token);
    return made.map(({ transferId }) => transferId);
  }

  /** By the transfer's own clock, µs. */
  now(record: TransferRecord): number {
    return this.#times.now(record.transferId, record);
  }

  /** @param drafts of what it needs, written in one with it */
  async add(record: TransferRecord, drafts: readonly Draft[] = []): Promise<void> {
    const also = drafts.flatMap(({ changes }) => changes);
    await this.#write(record.transferId, () => this.#store.put(record.transferId, inOneShape(record), also));
    for (const draft of drafts) draft.onDurable();
    this.#index.add(record);
    this.#tell('transferCreated', record);
  }

  /**
   * @param change gives what it becomes, or the same when nothing changes; called when changes before it are done
   * @returns what it is now, or undefined when there is no such transfer
   * @throws what `change` throws; then nothing has changed
   */
  change(
    transferId: string,
    change: (record: TransferRecord, now: number) => TransferRecord | Promise<TransferRecord>,
  ): Promise<TransferRecord | undefined> {
    return this.#inTurn(transferId, async () => {
      const record = this.#store.get(transferId);
      if (record === undefined) return undefined;
      const now = this.now(record);
      const changed = await change(record, now);
      if (changed === record) return record;
      const kept = inOneShape({ ...changed, snapshotTime: this.now(record) });
      const isOther = kept.status !== record.status;
      const draft = isOther ? this.draftAlong(kept) : undefined;
      await this.#write(transferId, () => this.#store.put(transferId, kept, draft?.changes));
      this.#tell('transferUpdated', kept);
      if (isOther) this.onStatus(kept);
      draft?.onDurable();
      return kept;
    });
  }

  /** Counts that may be some seconds old when the process dies. No change, and told as none. */
  note(transferId: string, counts: Pick<TransferRecord, 'reach' | 'traffic'>): void {
    const record = this.#store.get(transferId);
    if (record === undefined || this.#changes.has(transferId)) return;
    this.#store.putLater(transferId, inOneShape({ ...record, ...counts, snapshotTime: this.now(record) }));
  }

  /**
   * @param check whether it may be deleted
   * @returns whether it was
   * @throws what `check` throws
   */
  delete(transferId: string, check: (record: TransferRecord) => boolean): Promise<boolean> {
    return this.#inTurn(transferId, async () => {
      const record = this.#store.get(transferId);
      if (record === undefined || !check(record)) return false;
      await this.#write(transferId, () => this.#store.delete(transferId));
      this.#index.remove(record);
      this.#tell('transferDeleted', record);
      // Last: what is told of it has its time.
      this.#times.forget(transferId);
      return true;
    });
  }

  /** One that ran when the process ended waits for its turn again. No change, and told as none. */
  takeUp(record: TransferRecord): TransferRecord {
    const pending = inOneShape({ ...record, status: 'pending' });
    this.#store.putLater(record.transferId, pending);
    return pending;
  }

  /** Resolves at the next change of the transfer, or when the signal says so. */
  nextChange(transferId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const watchers = this.#watchers.get(transferId) ?? new Set();
      this.#watchers.set(transferId, watchers);
      const told = () => {
        signal.removeEventListener('abort', told);
        watchers.delete(told);
        if (watchers.size === 0 && this.#watchers.get(transferId) === watchers)
          this.#watchers.delete(transferId);
        resolve();
      };
      watchers.add(told);
      signal.addEventListener('abort', told);
      if (signal.aborted) told();
    });
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    while (this.#changes.size > 0) await Promise.allSettled(this.#changes.values());
  }

  async #write(transferId: string, write: () => Promise<void>): Promise<void> {
    this.#unwritten.set(transferId, this.#store.get(transferId));
    try {
      await write();
    } finally {
      this.#unwritten.delete(transferId);
    }
  }

  #inTurn<T>(transferId: string, act: () => Promise<T>): Promise<T> {
    const before = this.#changes.get(transferId) ?? Promise.resolve();
    const change = before.catch(() => undefined).then(act);
    const last = change.finally(() => {
      if (this.#changes.get(transferId) === last) this.#changes.delete(transferId);
    });
    last.catch(() => undefined);
    this.#changes.set(transferId, last);
    return last;
  }

  #tell(event: 'transferCreated' | 'transferUpdated' | 'transferDeleted', record: TransferRecord): void {
    for (const told of [...(this.#watchers.get(record.transferId) ?? [])]) told();
    this.#events.emit(event, this.#describe(record), record);
  }
}
