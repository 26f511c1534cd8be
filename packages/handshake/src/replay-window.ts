/** Numbers remembered at least: PK-3 asks for 4,096; more costs little and forgives more reordering at high rates. */
export const REPLAY_WINDOW_PACKETS = 16_384;

const WORD_BITS = 32;
const BIT_MASK = WORD_BITS - 1;
/** At least one word more than the window, for the word that holds the newest number may be only begun; a power of two. */
const WORDS = (2 * REPLAY_WINDOW_PACKETS) / WORD_BITS;
const WORD_MASK = WORDS - 1;

/**
 * Which packet numbers were already opened (PK-3; as RFC 6479: a ring of bit words that slides word by word).
 * Numbers are integers from 0 to 2^53 - 1.
 */
export class ReplayWindow {
  readonly #words = new Uint32Array(WORDS);
  #largest = -1;

  /** Largest number marked, -1 when none was. */
  get largest(): number {
    return this.#largest;
  }

  /** False when the number was marked, or is too old to tell. */
  isFresh(packetNumber: number): boolean {
    if (packetNumber > this.#largest) return true;
    if (packetNumber <= this.#largest - REPLAY_WINDOW_PACKETS) return false;
    const word = Math.floor(packetNumber / WORD_BITS);
    return (this.#words[word & WORD_MASK]! & (1 << (packetNumber & BIT_MASK))) === 0;
  }

  /** To be called for fresh numbers only, once their packet has proved genuine. */
  mark(packetNumber: number): void {
    const word = Math.floor(packetNumber / WORD_BITS);
    if (packetNumber > this.#largest) {
      this.#slideTo(word);
      this.#largest = packetNumber;
    }
    this.#words[word & WORD_MASK]! |= 1 << (packetNumber & BIT_MASK);
  }

  #slideTo(word: number): void {
    const lastWord = this.#largest < 0 ? -1 : Math.floor(this.#largest / WORD_BITS);
    if (word - lastWord >= WORDS) {
      this.#words.fill(0);
      return;
    }
    for (let cleared = lastWord + 1; cleared <= word; cleared++) this.#words[cleared & WORD_MASK] = 0;
  }
}
