import { JetStreamError } from '@jetstream/protocol';
import { ownerKey, type StorageOwner } from './storage-owner.ts';
import type { StorageSession } from './storage-session.ts';
import { type StorageCall, StorageThread } from './storage-thread.ts';

export type { StorageCall } from './storage-thread.ts';

/** Where a host has its thread from. */
export interface StorageThreads {
  /** One that acts as this account already, or as nobody yet. */
  lend(owner: string): StorageThread;
  /** It has closed everything; what it could not close is not given back. */
  giveBack(thread: StorageThread, owner: string): void;
}

const THREADS_OF_THEIR_OWN: StorageThreads = {
  lend: () => new StorageThread(),
  giveBack: (thread) => void thread.end(),
};

/**
 * Every method of `StorageSession`, as a promise, carried out on a worker thread in the order of the calls. A host belongs to one
 * transfer, or one piece of work: its first call opens something, and tells as whom; with that a thread of that account is its own
 * until `close`.
 */
export class StorageHost {
  readonly #threads: StorageThreads;
  #owner = '';
  #thread: StorageThread | undefined;
  #closed: Promise<void> | undefined;

  constructor(threads: StorageThreads = THREADS_OF_THEIR_OWN) {
    this.#threads = threads;
  }

  /** @throws JetStreamError what the storage operation threw; `cancelled` after `close` */
  call<K extends StorageCall>(
    operation: K,
    ...parameters: Parameters<StorageSession[K]>
  ): Promise<Awaited<ReturnType<StorageSession[K]>>> {
    if (this.#closed !== undefined)
      return Promise.reject(new JetStreamError('cancelled', 'storage worker was stopped'));
    if (this.#thread === undefined) {
      this.#owner = ownerKey((parameters[0] as Partial<StorageOwner> | undefined)?.actAs);
      this.#thread = this.#threads.lend(this.#owner);
    }
    return this.#thread.call(operation, ...parameters);
  }

  /** Lets what was called finish; then the thread is another one's, or ends. */
  close(): Promise<void> {
    this.#closed ??= this.#giveBack();
    return this.#closed;
  }

  async #giveBack(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    try {
      await thread.call('close');
    } catch {
      await thread.end();
      return;
    }
    this.#threads.giveBack(thread, this.#owner);
  }
}
