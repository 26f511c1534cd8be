const TARGET_US = 5_000;
const INTERVAL_US = 100_000;
/** So many intervals after a dropping state ended, the next one goes on where it was. */
const MEMORY_INTERVALS = 16;

/**
 * CoDel (RFC 8289): drops from the head of a queue in which every packet waited longer than 5 ms for 100 ms on end, more often the
 * longer that goes on. One for each queue; to be asked about each packet in the order of leaving.
 */
export class CoDel {
  #aboveSinceUs = Number.POSITIVE_INFINITY;
  #dropping = false;
  #dropNextUs = 0;
  #count = 0;
  #lastCount = 0;

  /** @param arrivedUs when the packet joined the queue @param nowUs when it would leave it */
  drops(arrivedUs: number, nowUs: number): boolean {
    const standing = this.#isStanding(arrivedUs, nowUs);
    if (!this.#dropping) return standing && this.#begin(nowUs);
    this.#dropping = standing;
    if (!standing || nowUs < this.#dropNextUs) return false;
    this.#count++;
    this.#dropNextUs += INTERVAL_US / Math.sqrt(this.#count);
    return true;
  }

  #isStanding(arrivedUs: number, nowUs: number): boolean {
    if (nowUs - arrivedUs < TARGET_US) this.#aboveSinceUs = Number.POSITIVE_INFINITY;
    else if (this.#aboveSinceUs === Number.POSITIVE_INFINITY) this.#aboveSinceUs = nowUs;
    return nowUs >= this.#aboveSinceUs + INTERVAL_US;
  }

  #begin(nowUs: number): true {
    this.#dropping = true;
    const grown = this.#count - this.#lastCount;
    const recent = nowUs - this.#dropNextUs < MEMORY_INTERVALS * INTERVAL_US;
    this.#count = grown > 1 && recent ? grown : 1;
    this.#lastCount = this.#count;
    this.#dropNextUs = nowUs + INTERVAL_US / Math.sqrt(this.#count);
    return true;
  }
}
