/** Calls for a checkpoint at intervals, one at a time: the next interval begins when the one before is done. */
export class Checkpoints {
  readonly #intervalMs: number;
  readonly #take: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isTaking = false;
  #stopped = false;

  /** @param take must not reject */
  constructor(intervalMs: number, take: () => Promise<void>) {
    this.#intervalMs = intervalMs;
    this.#take = take;
    this.#schedule();
  }

  get isTaking(): boolean {
    return this.#isTaking;
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
    await this.#take();
    this.#isTaking = false;
    this.#schedule();
  }
}
