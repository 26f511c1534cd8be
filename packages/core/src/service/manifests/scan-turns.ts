/** Scans that run at the same time; each has a thread. */
const MAX_RUNNING = 4;
/** Of one owner, so that nobody keeps the others waiting. */
const MAX_RUNNING_OF_OWNER = 2;

interface WaitingScan {
  owner: string;
  begin: () => void;
}

/** Whose manifest is scanned next: first come, first served, but for those who have enough already. */
export class ScanTurns {
  readonly #running = new Map<string, number>();
  readonly #waiting: WaitingScan[] = [];
  #total = 0;

  /** Resolves when it is the turn of a scan; `end` gives it back. */
  async take(owner: string): Promise<void> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ owner, begin });
      this.#next();
    });
  }

  end(owner: string): void {
    this.#total--;
    const left = this.#of(owner) - 1;
    if (left > 0) this.#running.set(owner, left);
    else this.#running.delete(owner);
    this.#next();
  }

  #next(): void {
    while (this.#total < MAX_RUNNING) {
      const at = this.#waiting.findIndex(({ owner }) => this.#of(owner) < MAX_RUNNING_OF_OWNER);
      if (at === -1) return;
      const [{ owner, begin }] = this.#waiting.splice(at, 1) as [WaitingScan];
      this.#total++;
      this.#running.set(owner, this.#of(owner) + 1);
      begin();
    }
  }

  #of(owner: string): number {
    return this.#running.get(owner) ?? 0;
  }
}
