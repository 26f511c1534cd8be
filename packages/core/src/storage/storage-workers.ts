import { StorageHost, type StorageThreads } from './storage-host.ts';
import { StorageThread } from './storage-thread.ts';

/** A thread that has worked for longer ends: what it needed in memory may be much, and to start one takes little beside that. */
const MAX_LENT_MS = 10_000;
/** How long, and how many, threads wait for another transfer of their account. */
const IDLE_MS = 10_000;
const MAX_IDLE = 8;

interface IdleThread {
  thread: StorageThread;
  owner: string;
  timer: NodeJS.Timeout;
}

/**
 * Storage workers. To start one takes as long as many a handshake, and each holds some 18 MB: one may be started ahead, and those of
 * transfers that were over soon are lent to the next ones, of the same account only.
 */
export class StorageWorkers implements StorageThreads {
  readonly #start: () => StorageThread;
  readonly #idle: IdleThread[] = [];
  readonly #lentMs = new Map<StorageThread, number>();
  readonly #ending = new Set<Promise<void>>();
  #spare: StorageThread | undefined;
  #closed = false;

  constructor(start: () => StorageThread = () => new StorageThread()) {
    this.#start = start;
  }

  /** Starts one for a transfer that is likely to come soon; never more than one at a time, however often it is called. */
  prepare(): void {
    if (!this.#closed) this.#spare ??= this.#start();
  }

  /** For one transfer. Whoever takes it closes it. */
  take(): StorageHost {
    return new StorageHost(this);
  }

  lend(owner: string): StorageThread {
    const thread = this.#takeIdle(owner) ?? this.#takeSpare() ?? this.#start();
    this.#lentMs.set(thread, performance.now());
    return thread;
  }

  giveBack(thread: StorageThread, owner: string): void {
    const lentMs = performance.now() - (this.#lentMs.get(thread) ?? Number.NEGATIVE_INFINITY);
    this.#lentMs.delete(thread);
    if (this.#closed || lentMs > MAX_LENT_MS || this.#idle.length >= MAX_IDLE) this.#end(thread);
    else {
      const timer = setTimeout(() => this.#end(this.#takeIdle(owner, thread)), IDLE_MS).unref();
      this.#idle.push({ thread, owner, timer });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { thread, owner } of [...this.#idle]) this.#end(this.#takeIdle(owner, thread));
    this.#end(this.#takeSpare());
    await Promise.all(this.#ending);
  }

  /** The one that was given back last. */
  #takeIdle(owner: string, thread?: StorageThread): StorageThread | undefined {
    const at = this.#idle.findLastIndex(
      (idle) => idle.owner === owner && (thread === undefined || idle.thread === thread),
    );
    if (at === -1) return undefined;
    const [idle] = this.#idle.splice(at, 1);
    clearTimeout(idle!.timer);
    return idle!.thread;
  }

  #takeSpare(): StorageThread | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  #end(thread: StorageThread | undefined): void {
    if (thread === undefined) return;
    const ending = thread.end().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
