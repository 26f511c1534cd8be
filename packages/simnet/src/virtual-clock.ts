/** Time of one simulation, in microseconds since its start. Only the event loop moves it, and only forward. */
export class VirtualClock {
  #nowUs = 0;

  get nowUs(): number {
    return this.#nowUs;
  }

  /** @throws RangeError when time would run backwards or stop being a number */
  advanceTo(timeUs: number): void {
    if (!(timeUs >= this.#nowUs && timeUs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`virtual time cannot go from ${this.#nowUs} to ${timeUs} µs`);
    }
    this.#nowUs = timeUs;
  }
}
