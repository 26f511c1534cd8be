/** Whose each event is, so that nobody's events make those of others go. */
export class EventShares {
  /** Numbers of events by owner, rising. */
  readonly #numbers = new Map<string, number[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param number higher than all before it */
  add(owner: string, number: number): void {
    const numbers = this.#numbers.get(owner);
    if (numbers === undefined) this.#numbers.set(owner, [number]);
    else numbers.push(number);
    this.#count++;
  }

  /** All of them are later than those that are here. */
  append(later: EventShares): void {
    for (const [owner, numbers] of later.#numbers) for (const number of numbers) this.add(owner, number);
  }

  /** Those before a number are gone. */
  forgetBefore(number: number): void {
    for (const [owner, numbers] of this.#numbers) {
      const kept = numbers.findIndex((one) => one >= number);
      this.#take(owner, numbers, kept < 0 ? numbers.length : kept);
    }
  }

  /** Takes the oldest of whoever has most, and then of the others who have as many, until no more are left than there may be. */
  takeAbove(max: number): number[] {
    const share = this.#shareOf(max);
    return [...this.#numbers].flatMap(([owner, numbers]) =>
      this.#take(owner, numbers, Math.max(0, numbers.length - share)),
    );
  }

  /** How many each may have: what those who have fewer leave is for the others. */
  #shareOf(max: number): number {
    const counts = [...this.#numbers.values()].map(({ length }) => length).sort((one, other) => one - other);
    let left = max;
    for (const [place, count] of counts.entries()) {
      const share = Math.floor(left / (counts.length - place));
      if (count > share) return Math.max(1, share);
      left -= count;
    }
    return Number.POSITIVE_INFINITY;
  }

  #take(owner: string, numbers: number[], count: number): number[] {
    this.#count -= count;
    if (count === numbers.length) this.#numbers.delete(owner);
    return numbers.splice(0, count);
  }
}
