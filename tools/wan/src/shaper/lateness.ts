const STEP_US = 20;
const STEPS = 2500;

export interface LatenessReport {
  meanMs: number;
  /** 99 of 100 packets were no later than this, to 0.02 ms. */
  p99Ms: number;
  worstMs: number;
}

/** How much later than due packets were delivered: counted in steps of 20 µs up to 50 ms. */
export class Lateness {
  readonly #counts = new Float64Array(STEPS + 1);
  #packets = 0;
  #sumUs = 0;
  #worstUs = 0;

  add(lateUs: number): void {
    this.#counts[Math.min(STEPS, Math.floor(lateUs / STEP_US))]!++;
    this.#packets++;
    this.#sumUs += lateUs;
    if (lateUs > this.#worstUs) this.#worstUs = lateUs;
  }

  report(): LatenessReport {
    return {
      meanMs: this.#packets === 0 ? 0 : this.#sumUs / this.#packets / 1000,
      p99Ms: Math.min(this.#worstUs, this.#quantileUs(0.99)) / 1000,
      worstMs: this.#worstUs / 1000,
    };
  }

  #quantileUs(share: number): number {
    let left = share * this.#packets;
    for (let step = 0; step < STEPS; step++) {
      left -= this.#counts[step]!;
      if (left <= 0) return (step + 1) * STEP_US;
    }
    return this.#worstUs;
  }
}
