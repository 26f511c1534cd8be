/** Turns over which a rate is measured: what connections tell of themselves is up to 100 ms old. */
const WINDOW_TURNS = 3;
/** Who uses so much of its share wants more… */
const USED_UP = 0.9;
/** …and who does not gets so much more than it uses, to grow. */
const HEADROOM = 1.25;

/** How much of a rate somebody can use, told from what it did with its share. */
export class RateDemand {
  readonly #ratesPerTurn: number[] = [];
  #lastBytes: number | undefined;
  #bytesPerSecond = Number.POSITIVE_INFINITY;

  /** Bytes per second; Infinity: all that it gets, also while nothing is known. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /**
   * One turn is over.
   * @param bytes moved so far, all in all
   * @param seconds that the turn took
   * @param share bytes per second that it had
   */
  update(bytes: number, seconds: number, share: number): void {
    const moved = Math.max(0, bytes - (this.#lastBytes ?? bytes));
    this.#lastBytes = bytes;
    this.#ratesPerTurn.push(moved / Math.max(seconds, 1e-3));
    if (this.#ratesPerTurn.length <= WINDOW_TURNS) return;
    this.#ratesPerTurn.shift();
    const rate = this.#ratesPerTurn.reduce((sum, each) => sum + each, 0) / WINDOW_TURNS;
    this.#bytesPerSecond = rate >= USED_UP * share ? Number.POSITIVE_INFINITY : HEADROOM * rate;
  }

  /** It begins anew, and nothing is known. */
  reset(): void {
    this.#ratesPerTurn.length = 0;
    this.#lastBytes = undefined;
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
  }
}
