import { StorageHost } from './storage-host.ts';

/** Storage workers, of which one may be started ahead: to start one takes as long as many a handshake. It holds some 18 MB. */
export class StorageWorkers {
  readonly #start: () => StorageHost;
  #spare: StorageHost | undefined;
  #closed = false;

  constructor(start: () => StorageHost = () => new StorageHost()) {
    this.#start = start;
  }

  /** Starts one for a transfer that is likely to come soon; never more than one at a time, however often it is called. */
  prepare(): void {
    if (!this.#closed) this.#spare ??= this.#start();
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
    return spare;
  }
}
