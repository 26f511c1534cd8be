/** A quantity that is constant, or changes in steps: each value holds from `atUs` on. The first step is at 0. */
export type Stepped = number | readonly { readonly atUs: number; readonly value: number }[];

/** Reads a stepped quantity at times that mostly grow. */
export class StepSchedule {
  readonly #times: readonly number[];
  readonly #values: readonly number[];
  #current = 0;

  /** @throws RangeError when the first step is not at 0 or the times do not grow */
  constructor(stepped: Stepped) {
    const steps = typeof stepped === 'number' ? [{ atUs: 0, value: stepped }] : stepped;
    if (steps[0]?.atUs !== 0) throw new RangeError('a schedule starts at 0 µs');
    for (let i = 1; i < steps.length; i++) {
      if (!(steps[i]!.atUs > steps[i - 1]!.atUs)) throw new RangeError('the steps of a schedule go forward');
    }
    this.#times = steps.map((step) => step.atUs);
    this.#values = steps.map((step) => step.value);
  }

  valueAt(timeUs: number): number {
    while (this.nextChangeUs <= timeUs) this.#current++;
    while (this.#times[this.#current]! > timeUs) this.#current--;
    return this.#values[this.#current]!;
  }

  /** When the value last returned by `valueAt` ends; Infinity for never. */
  get nextChangeUs(): number {
    return this.#times[this.#current + 1] ?? Number.POSITIVE_INFINITY;
  }

  /**
   * With values in bytes per second: when `bytes` whose sending begins at `startUs` have left, across the steps between.
   */
  serviceEndUs(startUs: number, bytes: number): number {
    let timeUs = startUs;
    let left = bytes;
    for (;;) {
      const rateBytesPerSecond = this.valueAt(timeUs);
      const endUs = timeUs + (left / rateBytesPerSecond) * 1e6;
      const changeUs = this.nextChangeUs;
      if (endUs <= changeUs) return endUs;
      left -= ((changeUs - timeUs) / 1e6) * rateBytesPerSecond;
      timeUs = changeUs;
    }
  }
}
