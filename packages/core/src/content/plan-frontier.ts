import { JetStreamError } from '@jetstream/protocol';

/** Blocks that may be begun before the receiver has planned any (PL-1); it takes no more before a login anyway (LG-1). */
export const BLOCKS_BEFORE_PLANS = 2;
/**
 * From here on waiting for the first plan costs more than what is sent in vain when all of it is there already: in 10 ms a path of
 * 1.6 Gbit/s carries two blocks. On shorter paths nothing is sent unplanned.
 */
export const LONG_RTT_MS = 10;

/** How far the receiver has planned, and so what its sender may begin. */
export class PlanFrontier {
  #plannedBlocks: number | undefined;

  /**
   * @param rttUs 0: no answer has come yet
   * @param waitedMs for such an answer: a path without one for so long is long
   */
  mayBegin(block: number, rttUs: number, waitedMs: number): boolean {
    if (this.#plannedBlocks !== undefined) return block < this.#plannedBlocks;
    const rttMs = rttUs > 0 ? rttUs / 1000 : waitedMs;
    return block < BLOCKS_BEFORE_PLANS && rttMs >= LONG_RTT_MS;
  }

  /**
   * @param sealedBlocks that are known here, and so may be planned
   * @throws JetStreamError `protocol-violation` when it falls, or is beyond the manifest (PL-1)
   */
  advance(plannedBlocks: number, sealedBlocks: number): void {
    if (plannedBlocks < (this.#plannedBlocks ?? 0) || plannedBlocks > sealedBlocks) {
      throw new JetStreamError(
        'protocol-violation',
        `the receiver planned ${plannedBlocks} blocks, after ${this.#plannedBlocks ?? 0} and of ${sealedBlocks}`,
      );
    }
    this.#plannedBlocks = plannedBlocks;
  }
}
