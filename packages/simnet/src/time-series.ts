/**
 * A quantity over virtual time, at most `capacity` points: when full, every second point is dropped and the distance
 * between points doubles. `maximum` sees every value offered.
 */
export class TimeSeries {
  maximum = Number.NEGATIVE_INFINITY;
  #times: Float64Array;
  #values: Float64Array;
  #length = 0;
  #intervalUs: number;
  #nextUs = Number.NEGATIVE_INFINITY;

  /** @param intervalUs smallest distance of two points; default 1 ms @param capacity default 4,096 points */
  constructor(intervalUs = 1000, capacity = 4096) {
    this.#intervalUs = intervalUs;
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  add(timeUs: number, value: number): void {
    if (value > this.maximum) this.maximum = value;
    if (timeUs < this.#nextUs) return;
    if (this.#length === this.#times.length) this.#halve();
    this.#times[this.#length] = timeUs;
    this.#values[this.#length++] = value;
    this.#nextUs = timeUs + this.#intervalUs;
  }

  get times(): Float64Array {
    return this.#times.subarray(0, this.#length);
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** The value below which the given share of the points from `fromUs` on lies; 0 when there are none. */
  quantile(share: number, fromUs = 0): number {
    const sorted = this.values.filter((_, index) => this.#times[index]! >= fromUs).sort();
    return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  }

  #halve(): void {
    const half = this.#length >> 1;
    for (let i = 0; i < half; i++) {
      this.#times[i] = this.#times[2 * i]!;
      this.#values[i] = this.#values[2 * i]!;
    }
    this.#length = half;
    this.#intervalUs *= 2;
  }
}
