import { StorageHost } from './storage-host.ts';

/** A worker that nobody takes is stopped after this: it holds some 18 MB. */
const SPARE_MS = 30_000;

/** Storage workers, of which one may be started ahead: to start one takes as long as many a handshake. */
export class StorageWorkers {
  readonly #start: () => StorageHost;
  #spare: StorageHost | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(start: () => StorageHost = () => new StorageHost()) {
    this.#start = start;
  }

  /** Starts one for a transfer that is likely to come soon; never more than one at a time, however often it is called. */
  prepare(): void {
    if (this.#closed || this.#spare !== undefined) return;
    this.#spare = this.#start();
    this.#timer = setTimeout(() => void this.#takeSpare()?.close(), SPARE_MS).unref();
  }

  /** One that nobody has used. Whoever takes it closes it. */
  take(): StorageHost {
    return this.#takeSpare() ?? this.#start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#takeSpare()?.close();
  }

  #takeSpare(): StorageHost | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    clearTimeout(this.#timer);
    return spare;
  }
}
