/** Smoothed rate over about two seconds, from a running total of bytes. */
export class RateMeter {
  readonly #times: number[] = [];
  readonly #totals: number[] = [];

  /** Call a few times a second. @returns bits per second over the last two seconds */
  update(nowMs: number, totalBytes: number): number {
    this.#times.push(nowMs);
    this.#totals.push(totalBytes);
    while (this.#times.length > 2 && nowMs - this.#times[0]! > 2_000) {
      this.#times.shift();
      this.#totals.shift();
    }
    const elapsedMs = nowMs - this.#times[0]!;
    return elapsedMs <= 0 ? 0 : ((totalBytes - this.#totals[0]!) * 8_000) / elapsedMs;
  }
}
