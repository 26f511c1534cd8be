import { JetStreamError } from '@jetstream/protocol';

interface Closable {
  /** What it throws is lost: whoever makes room in the cache is not the one to be told. */
  close(): void;
}

/**
 * Keeps what was opened last open, up to a number, and closes the rest: a million files in one directory open it once. When the
 * process is out of descriptors, all are closed and the open is tried once more.
 */
export class HandleCache {
  readonly #maxOpen: number;
  /** Least recently used first. */
  readonly #open = new Map<object, Closable>();
  /** The key that was used last. */
  #latest: object | undefined;

  constructor(maxOpen: number) {
    this.#maxOpen = maxOpen;
  }

  /**
   * The handle for a key, opened if it is not. Valid until the next call of this cache: use it at once.
   * @param key owns its handle; one key, one type of handle
   */
  use<T extends Closable>(key: object, open: () => T): T {
    const held = this.#open.get(key) as T | undefined;
    if (held !== undefined) {
      if (key === this.#latest) return held;
      this.#open.delete(key);
    }
    const handle = held ?? this.attempt(open);
    this.#open.set(key, handle);
    this.#latest = key;
    if (this.#open.size > this.#maxOpen) this.drop(this.#open.keys().next().value!);
    return handle;
  }

  /** Runs what needs descriptors for a moment. It may run twice, and must get its handles from `use` by itself. */
  attempt<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      const outOfDescriptors = error instanceof JetStreamError && error.code === 'too-many-open-files';
      if (!outOfDescriptors || this.#open.size === 0) throw error;
      this.closeAll();
      return operation();
    }
  }

  drop(key: object): void {
    const handle = this.#open.get(key);
    this.#open.delete(key);
    try {
      handle?.close();
    } catch {}
  }

  closeAll(): void {
    for (const key of this.#open.keys()) this.drop(key);
  }
}
