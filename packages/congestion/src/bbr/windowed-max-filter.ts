import { FLOAT_ZERO } from '@jetstream/protocol';
/**
 * Maximum over the last `length` units of a time that is counted, not measured: rounds or probing cycles.
 * One bucket a unit, so it is exact; the windows of BBR are 2 and 10 long.
 */
export class WindowedMaxFilter {
  /** Largest value in the window, 0 when empty. */
  max = FLOAT_ZERO;
  private readonly buckets: Float64Array;
  private time = 0;

  constructor(length: number) {
    this.buckets = new Float64Array(length);
  }

  /** @param time a count that never falls; a leap forward empties the buckets it passes */
  update(value: number, time: number): void {
    if (time > this.time) this.advance(time);
    const bucket = this.time % this.buckets.length;
    if (value > this.buckets[bucket]!) this.buckets[bucket] = value;
    if (value > this.max) this.max = value;
  }

  reset(): void {
    this.buckets.fill(0);
    this.max = 0;
  }

  private advance(time: number): void {
    const length = this.buckets.length;
    const first = Math.max(this.time + 1, time - length + 1);
    for (let passed = first; passed <= time; passed++) this.buckets[passed % length] = 0;
    this.time = time;
    this.max = 0;
    for (let bucket = 0; bucket < length; bucket++) this.max = Math.max(this.max, this.buckets[bucket]!);
  }
}
