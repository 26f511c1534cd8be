import type { ResumeJournal } from '../resume/resume-journal.ts';
import type { StorageHost } from '../storage/storage-host.ts';

/** Makes durable at intervals what is unfinished, and has it recorded; the next interval begins when the one before is done. */
export class CheckpointTimer {
  readonly #intervalMs: number;
  readonly #storage: StorageHost;
  readonly #journal: ResumeJournal;
  readonly #writtenBytes: () => number;
  readonly #onFailed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #isTaking = false;
  #takenAtBytes = 0;
  #durableBytes = 0;
  #stopped = false;

  /** @param writtenBytes so far: nothing is done while it stays the same */
  constructor(
    intervalMs: number,
    storage: StorageHost,
    journal: ResumeJournal,
    writtenBytes: () => number,
    onFailed: (error: unknown) => void,
  ) {
    this.#intervalMs = intervalMs;
    this.#storage = storage;
    this.#journal = journal;
    this.#writtenBytes = writtenBytes;
    this.#onFailed = onFailed;
    this.#schedule();
  }

  get isTaking(): boolean {
    return this.#isTaking;
  }

  /** In all, by the last checkpoint whose records were saved (PL-8). */
  get durableBytes(): number {
    return this.#durableBytes;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#run(), this.#intervalMs);
  }

  async #run(): Promise<void> {
    this.#isTaking = true;
    try {
      await this.#take();
    } catch (error) {
      this.#onFailed(error);
    }
    this.#isTaking = false;
    this.#schedule();
  }

  async #take(): Promise<void> {
    const writtenBytes = this.#writtenBytes();
    if (writtenBytes === this.#takenAtBytes) return;
    this.#takenAtBytes = writtenBytes;
    const { updates, durableBytes } = await this.#storage.call('checkpoint');
    if (await this.#journal.save(updates)) this.#durableBytes = durableBytes;
  }
}
