import { JetStreamError } from '@jetstream/protocol';
import { RangeSet } from '@jetstream/transport';

/** What was sent of blocks, and so what the receiver may ask for (PL-3). */
export class SentBlocks {
  readonly #sent = new RangeSet();
  readonly #repeated = new RangeSet();
  /** Asked for, and not answered. */
  readonly #asked = new Set<number>();

  /** Content of the block goes out. */
  onSent(block: number): void {
    this.#sent.insert(block, block + 1);
  }

  /**
   * The receiver asks for chunks of a block.
   * @param isPassed the block was dealt with
   * @throws JetStreamError `protocol-violation` when it may not
   */
  ask(block: number, isPassed: boolean): void {
    if (!isPassed || this.#asked.has(block)) throw violation(block, 'before it was dealt with');
    if (this.#sent.contains(block) && this.#repeated.insert(block, block + 1) === 0) {
      throw violation(block, 'more than once after it was sent');
    }
    this.#asked.add(block);
  }

  /** What was asked for was read. */
  onAnswered(block: number): void {
    this.#asked.delete(block);
  }
}

function violation(block: number, when: string): JetStreamError {
  return new JetStreamError('protocol-violation', `the receiver asked for block ${block} ${when}`);
}
