import {
  BLOCK_BYTES,
  type CopyBytes,
  copyBytes,
  FLOAT_ZERO,
  JetStreamError,
  offsetInBlock,
} from '@jetstream/protocol';
import { DeliveryRanges } from '../delivery-ranges.ts';
import { LimiterMeter } from '../limiter-meter.ts';
import { RangeSet } from '../range-set.ts';
import { isRepeat, REPEAT_OFFSET_BLOCKS } from './repeat-address.ts';

/** One beginning of a block: from `offerBlock` to its last acknowledgement. */
interface SendingBlock {
  readonly wireBlock: number;
  readonly bytes: Uint8Array;
  readonly delivery: DeliveryRanges;
  /** It is in the queue of blocks with lost bytes. */
  queuedForLoss: boolean;
}

/**
 * Sending half of a transfer's bulk data. Lost bytes go first, then blocks sent once more, then blocks in the order offered; a
 * new block is begun only within the peer's credit. A block's memory is the application's again once all of it was acknowledged.
 */
export class BulkSender {
  readonly transfer: number;
  /** Bytes offered and not wholly acknowledged that the application may come to; set by the connection. */
  targetBytes: number = 2 * BLOCK_BYTES;
  /** Bytes never sent that the application should keep up; set by the connection. */
  aheadBytes: number = 2 * BLOCK_BYTES;
  /** Bytes acknowledged so far, each beginning of a block on its own. */
  ackedBytes = FLOAT_ZERO;
  readonly meter = new LimiterMeter();

  private readonly active = new Map<number, SendingBlock>();
  /** Not wholly sent once; the head may be half sent. */
  private readonly unsent: SendingBlock[] = [];
  private readonly withLoss: SendingBlock[] = [];
  private current: SendingBlock | undefined;
  private creditBlocks: number;
  private releasedBlocks = 0;
  private begunBlocks = 0;
  /** Wholly acknowledged. */
  private ackedBlocks = 0;
  /** Blocks begun so far, by their numbers on the wire. */
  private readonly begun = new RangeSet();
  private activeBytes = 0;
  private unsentBytes = 0;
  /** The application was asked for a block and has not offered it yet. */
  private asked = false;
  private readonly copy: CopyBytes;

  constructor(transfer: number, initialCreditBlocks: number, copy: CopyBytes = copyBytes) {
    this.transfer = transfer;
    this.creditBlocks = initialCreditBlocks;
    this.copy = copy;
  }

  /**
   * @returns true when the application should offer one more
   * @throws JetStreamError `invalid-argument` for a block that is being sent already or was sent twice, or of no possible size
   * or number
   */
  offer(block: number, bytes: Uint8Array): boolean {
    const isPossible = Number.isSafeInteger(block) && block >= 0 && !isRepeat(block);
    const wireBlock = this.begun.contains(block) ? block + REPEAT_OFFSET_BLOCKS : block;
    if (
      !isPossible ||
      this.active.has(block) ||
      this.active.has(wireBlock) ||
      this.begun.contains(wireBlock)
    ) {
      throw new JetStreamError('invalid-argument', `block ${block} cannot be sent now`);
    }
    if (bytes.length === 0 || bytes.length > BLOCK_BYTES) {
      throw new JetStreamError('invalid-argument', `block ${block} has ${bytes.length} bytes`);
    }
    const sending: SendingBlock = {
      wireBlock,
      bytes,
      delivery: new DeliveryRanges(),
      queuedForLoss: false,
    };
    this.active.set(wireBlock, sending);
    // One that is sent once more goes before all that were not begun: the receiver's files wait for it.
    if (wireBlock !== block) this.unsent.splice(this.isHeadBegun ? 1 : 0, 0, sending);
    else this.unsent.push(sending);
    this.activeBytes += bytes.length;
    this.unsentBytes += bytes.length;
    this.asked = this.wantsBlock;
    return this.asked;
  }

  /** True once each time the application is to be asked for another block. */
  becameWanting(): boolean {
    if (this.asked || !this.wantsBlock) return false;
    this.asked = true;
    return true;
  }

  /** @param blocks that may be begun @param releasedBlocks with which the peer is done, both since the transfer began */
  raiseCredit(blocks: number, releasedBlocks: number): void {
    this.creditBlocks = Math.max(this.creditBlocks, blocks);
    this.releasedBlocks = Math.max(this.releasedBlocks, releasedBlocks);
  }

  /** What this transfer itself has against being sent now; undefined: nothing. */
  get ownLimiter(): 'application' | 'peer-credit' | 'peer-storage' | undefined {
    if (this.withLoss.length > 0) return undefined;
    if (this.unsent.length === 0) return 'application';
    if (this.maySendHead) return undefined;
    const windowBlocks = this.creditBlocks - this.releasedBlocks;
    const blocksInStorage = this.ackedBlocks - this.releasedBlocks;
    return blocksInStorage > windowBlocks / 2 ? 'peer-storage' : 'peer-credit';
  }

  /** Blocks offered and not wholly acknowledged. */
  get activeBlocks(): number {
    return this.active.size;
  }

  /** Chooses what goes next. @returns false when nothing can be sent now; otherwise the `next…` properties hold until `send` */
  prepare(): boolean {
    while (this.withLoss.length > 0) {
      const first = this.withLoss[0]!;
      if (first.delivery.lost.rangeCount > 0) {
        this.current = first;
        return true;
      }
      first.queuedForLoss = false;
      this.withLoss.shift();
    }
    const head = this.unsent[0];
    if (this.current !== head) this.current = head;
    return head !== undefined && this.maySendHead;
  }

  get nextAddress(): number {
    return this.current!.wireBlock * BLOCK_BYTES + this.nextOffset;
  }

  /** Bytes that one frame can carry at most. */
  get nextLength(): number {
    const { delivery, bytes } = this.current!;
    if (delivery.lost.rangeCount > 0) return delivery.lost.endOf(0) - delivery.lost.startOf(0);
    return bytes.length - delivery.nextUnsent;
  }

  get nextIsResent(): boolean {
    return this.current!.delivery.lost.rangeCount > 0;
  }

  /** Copies the next `length` bytes to `target[at]` and counts them as sent. @returns true for the last ones of a block never sent before */
  send(length: number, target: Uint8Array, at: number): boolean {
    const { wireBlock, delivery, bytes } = this.current!;
    const offset = this.nextOffset;
    this.copy(bytes, offset, offset + length, target, at);
    if (delivery.nextUnsent === 0) {
      this.begunBlocks += 1;
      this.begun.insert(wireBlock, wireBlock + 1);
    }
    if (delivery.onSent(offset, offset + length)) this.unsentBytes -= length;
    if (delivery.nextUnsent < bytes.length || this.current !== this.unsent[0]) return false;
    this.unsent.shift();
    return true;
  }

  /**
   * Bytes [address, address + length) were acknowledged.
   * @returns true when that was the rest of its block; the block is forgotten then
   */
  onAcked(address: number, length: number): boolean {
    const sending = this.active.get(Math.floor(address / BLOCK_BYTES));
    if (sending === undefined) return false;
    const { delivery, bytes } = sending;
    const start = offsetInBlock(address);
    this.ackedBytes += delivery.onAcked(start, start + length);
    if (delivery.ackedPrefix < bytes.length) return false;
    this.forget(sending);
    return true;
  }

  /** Bytes [address, address + length) are to be sent again. */
  onLost(address: number, length: number): void {
    const sending = this.active.get(Math.floor(address / BLOCK_BYTES));
    if (sending === undefined) return;
    const start = offsetInBlock(address);
    sending.delivery.onLost(start, start + length);
    if (sending.queuedForLoss || sending.delivery.lost.rangeCount === 0) return;
    sending.queuedForLoss = true;
    this.withLoss.push(sending);
  }

  private get wantsBlock(): boolean {
    return this.unsentBytes < this.aheadBytes && this.activeBytes < this.targetBytes;
  }

  private get isHeadBegun(): boolean {
    return this.unsent.length > 0 && this.unsent[0]!.delivery.nextUnsent > 0;
  }

  private get maySendHead(): boolean {
    return this.isHeadBegun || this.begunBlocks < this.creditBlocks;
  }

  private get nextOffset(): number {
    const { delivery } = this.current!;
    return delivery.lost.rangeCount > 0 ? delivery.lost.startOf(0) : delivery.nextUnsent;
  }

  private forget(sending: SendingBlock): void {
    this.active.delete(sending.wireBlock);
    this.ackedBlocks += 1;
    this.activeBytes -= sending.bytes.length;
    if (sending.queuedForLoss) this.withLoss.splice(this.withLoss.indexOf(sending), 1);
    this.current = undefined;
  }
}
