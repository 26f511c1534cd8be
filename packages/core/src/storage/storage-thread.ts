import { Worker } from 'node:worker_threads';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { StorageSession } from './storage-session.ts';

export type StorageCall = keyof StorageSession;

export interface StorageReply {
  id: number;
  result?: unknown;
  error?: { code: ErrorCode; message: string; subject: string | undefined };
}

// Worker threads load no TypeScript on every Node we support: tests, which run from source, bundle it first.
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/threads-of-tests/storage-worker.js' : './storage-worker.js',
  import.meta.url,
);

/**
 * The main thread's end of a storage worker: every method of `StorageSession`, as a promise. Calls are carried out in the order they
 * were made. It does with `close` to a session, and begins another one; but acts as one account from its first session to its end.
 */
export class StorageThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #nextId = 0;
  #dead: JetStreamError | undefined;

  constructor() {
    this.#worker = new Worker(WORKER_URL, { name: 'jetstream-storage', execArgv: [] });
    this.#worker.on('message', (reply: StorageReply) => this.#onReply(reply));
    this.#worker.on('error', (error) =>
      this.#die(new JetStreamError('internal', `storage worker failed: ${error.message}`, { cause: error })),
    );
    this.#worker.on('exit', () => this.#die(new JetStreamError('cancelled', 'storage worker was stopped')));
  }

  /** @throws JetStreamError what the storage operation threw */
  call<K extends StorageCall>(
    operation: K,
    ...parameters: Parameters<StorageSession[K]>
  ): Promise<Awaited<ReturnType<StorageSession[K]>>> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: never) => void, reject });
      this.#worker.postMessage({ id, operation, parameters });
    });
  }

  /** Waits until what it loads is loaded: a thread that is ended in the middle of loading native code takes the process with it. */
  async end(): Promise<void> {
    await this.call('close').catch(() => undefined);
    await this.#worker.terminate();
  }

  #onReply(reply: StorageReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.error === undefined) pending?.resolve(reply.result as never);
    else {
      const { code, message, subject } = reply.error;
      pending?.reject(new JetStreamError(code, message, subject === undefined ? {} : { subject }));
    }
  }

  #die(reason: JetStreamError): void {
    this.#dead ??= reason;
    for (const { reject } of this.#pending.values()) reject(this.#dead);
    this.#pending.clear();
  }
}
