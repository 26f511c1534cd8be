import { type BlockDigests, ChunkUse, JetStreamError } from '@jetstream/protocol';
import { BLOCKS_BEFORE_PLANS } from './plan-frontier.ts';

/** Digests that arrived ahead of their blocks; more is a peer that does not keep its order. */
const MAX_DIGESTS_AHEAD = 4_096;
/** Blocks asked for and not answered. More than an honest sender can have offered meanwhile: as many as fit the window of its stream. */
const MAX_UNANSWERED_REQUESTS = 2 ** 18;

/** What the sender has said of blocks, held against what it may say. */
export class AnnouncedBlocks {
  /** A comparison: content may not come. */
  readonly #offersOnly: boolean;
  readonly #announced = new Map<number, BlockDigests>();
  readonly #requested = new Set<number>();

  constructor(offersOnly: boolean) {
    this.#offersOnly = offersOnly;
  }

  /**
   * Takes a block's digests; when content follows, they are kept for it.
   * @param plannedBlocks blocks below may be sent
   * @throws JetStreamError `protocol-violation`
   */
  announce(message: BlockDigests, plannedBlocks: number): void {
    const { block, byteLength, uses } = message;
    if (block >= Math.max(BLOCKS_BEFORE_PLANS, plannedBlocks))
      throw violation(block, 'before it was planned');
    if (this.#announced.has(block)) throw violation(block, 'while its content is under way');
    if (this.#offersOnly && byteLength > 0) throw violation(block, 'with content in a comparison');
    const wasRequested = this.#requested.delete(block);
    if (wasRequested && uses.includes(ChunkUse.OFFERED))
      throw violation(block, 'again instead of sending it');
    if (byteLength === 0) return;
    if (this.#announced.size >= MAX_DIGESTS_AHEAD) throw violation(block, 'too far ahead of its content');
    this.#announced.set(block, message);
  }

  /** The digests of a block whose content has come. */
  take(block: number): BlockDigests {
    // Without its digests the connection does not know its length and never calls it complete.
    const message = this.#announced.get(block)!;
    this.#announced.delete(block);
    return message;
  }

  /** @throws JetStreamError `protocol-violation` when the sender leaves too many unanswered */
  request(block: number): void {
    if (this.#requested.size >= MAX_UNANSWERED_REQUESTS) {
      throw new JetStreamError('protocol-violation', 'the sender offers content and does not send it');
    }
    this.#requested.add(block);
  }
}

function violation(block: number, how: string): JetStreamError {
  return new JetStreamError('protocol-violation', `the sender announced block ${block} ${how}`);
}
