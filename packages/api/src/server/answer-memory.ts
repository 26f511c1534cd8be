import { JetStreamError } from '@jetstream/protocol';
import { AnswerTooLarge } from './error-answer.ts';
import type { ApiLimits } from './limits.ts';

/** Answers that their callers have not taken in yet: an account has so much of them, and all together. */
export class AnswerMemory {
  readonly #limits: ApiLimits;
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(limits: ApiLimits) {
    this.#limits = limits;
  }

  /** @returns JSON. @throws JetStreamError `limit-exceeded` when it would be too long */
  textOf(result: unknown): string {
    const { answerBytes } = this.#limits;
    if (!Array.isArray(result)) return within(answerBytes, jsonOf(result, answerBytes));
    // Piece by piece: what is too long is not made first.
    const pieces: string[] = [];
    let length = 2;
    for (const element of result) {
      const piece = jsonOf(element, answerBytes);
      length += piece.length + 1;
      if (length > answerBytes) throw new AnswerTooLarge(answerBytes);
      pieces.push(piece);
    }
    return `[${pieces.join(',')}]`;
  }

  /**
   * @param account '': whoever is not logged in
   * @returns to be called once, when the answer is gone
   * @throws JetStreamError `limit-exceeded` while too much waits
   */
  hold(account: string, { length }: string): () => void {
    const { smallAnswerBytes, answerBytesPerAccount, answerMemoryBytes } = this.#limits;
    if (length <= smallAnswerBytes) return () => undefined;
    const held = this.#held.get(account) ?? 0;
    if (held + length > answerBytesPerAccount || this.#total + length > answerMemoryBytes) {
      throw new JetStreamError(
        'limit-exceeded',
        'too many large answers wait to be read; try again in a while',
      );
    }
    this.#add(account, length);
    return () => this.#add(account, -length);
  }

  #add(account: string, bytes: number): void {
    this.#total += bytes;
    const held = (this.#held.get(account) ?? 0) + bytes;
    if (held > 0) this.#held.set(account, held);
    else this.#held.delete(account);
  }
}

function jsonOf(value: unknown, limitBytes: number): string {
  try {
    return JSON.stringify(value ?? null);
  } catch (error) {
    // Longer than any text can be.
    if (error instanceof RangeError) throw new AnswerTooLarge(limitBytes);
    throw error;
  }
}

function within(limitBytes: number, text: string): string {
  if (text.length > limitBytes) throw new AnswerTooLarge(limitBytes);
  return text;
}
