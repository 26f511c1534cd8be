import { BLOCK_BYTES, type CopyBytes, copyBytes, JetStreamError, offsetInBlock } from '@jetstream/protocol';
import type { BlockPool } from '../../contract.ts';
import { RangeSet } from '../range-set.ts';
import type { ConnectionBudget } from './block-budget.ts';
import { BlockCredit } from './block-credit.ts';
import { isRepeat, plainBlock, REPEAT_OFFSET_BLOCKS } from './repeat-address.ts';

/** Gaps in one block above which a peer is taken for hostile: a block in packets of 1,200 bytes has fewer than 500. */
const MAX_FRAGMENTS = 4096;

interface ReceivingBlock {
  readonly wireBlock: number;
  readonly bytes: Uint8Array;
  readonly received: RangeSet;
  /** 0: the manifest has not said yet. */
  expectedBytes: number;
  /** Complete and in the application's hands. */
  handedOver: boolean;
}

/** Asked only when a block begins; as an object, for a number with a fraction given to a function may be put on the heap. */
export interface ReceiptTime {
  readonly nowUs: number;
  readonly smoothedRttUs: number;
}

/** What became of the bytes of a DATA frame; `no-memory`: nothing, and its packet must not be acknowledged. */
export type BulkReceipt = 'kept' | 'block-complete' | 'no-memory';

/** Receiving half of a transfer's bulk data: puts bytes into blocks of the pool, within the credit given. */
export class BulkReceiver {
  readonly credit: BlockCredit;
  /** The block that a `block-complete` was about. */
  completedBlock = 0;

  private readonly pool: BlockPool;
  private readonly copy: CopyBytes;
  private readonly slots = new Map<number, ReceivingBlock>();
  private latest: ReceivingBlock | undefined;
  private handedOverBlocks = 0;
  /** Blocks dealt with, by their numbers on the wire, as the slots are. */
  private readonly done = new RangeSet();
  /** Blocks that were asked for once more. */
  private readonly refused = new Set<number>();
  /** What the manifest says of blocks not begun: most are full, and a range each holds them. */
  private readonly expectedFull = new RangeSet();
  private readonly expectedShort = new Map<number, number>();

  constructor(
    pool: BlockPool,
    initialCreditBlocks: number,
    budget: ConnectionBudget,
    copy: CopyBytes = copyBytes,
  ) {
    this.pool = pool;
    this.copy = copy;
    this.credit = new BlockCredit(initialCreditBlocks, budget);
  }

  /**
   * Takes `buffer[start, end)`, which belongs at `address` and lies in one block (FR-3).
   * @throws JetStreamError `protocol-violation` beyond the credit (FR-6) or beyond the block's length
   */
  receive(when: ReceiptTime, address: number, buffer: Uint8Array, start: number, end: number): BulkReceipt {
    const wireBlock = Math.floor(address / BLOCK_BYTES);
    let slot: ReceivingBlock | undefined = this.latest;
    if (slot === undefined || slot.wireBlock !== wireBlock) {
      slot = this.slots.get(wireBlock);
      if (slot === undefined) {
        if (start === end || this.done.contains(wireBlock)) return 'kept';
        slot = this.begin(when, wireBlock);
        if (slot === undefined) return 'no-memory';
      }
      this.latest = slot;
    }
    if (slot.handedOver) return 'kept';

    const offset = offsetInBlock(address);
    const endOffset = offset + (end - start);
    if (slot.expectedBytes > 0 && endOffset > slot.expectedBytes) throw tooLong(wireBlock);
    this.copy(buffer, start, end, slot.bytes, offset);
    slot.received.insert(offset, endOffset);
    if (slot.received.rangeCount > MAX_FRAGMENTS) {
      throw new JetStreamError(
        'protocol-violation',
        `block ${plainBlock(wireBlock)} has over ${MAX_FRAGMENTS} gaps`,
      );
    }
    return this.handOverIfComplete(slot) ? 'block-complete' : 'kept';
  }

  /**
   * The manifest says how long a block is.
   * @returns true when that makes it complete
   * @throws JetStreamError `invalid-argument` for a length that no block has; `protocol-violation` when more of it is here already
   */
  expect(block: number, byteLength: number): boolean {
    if (!Number.isSafeInteger(byteLength) || byteLength < 1 || byteLength > BLOCK_BYTES) {
      throw new JetStreamError('invalid-argument', `block ${block} cannot have ${byteLength} bytes`);
    }
    const wireBlock = this.wireBlock(block);
    const slot = this.slots.get(wireBlock);
    if (slot === undefined) {
      if (byteLength === BLOCK_BYTES) this.expectedFull.insert(wireBlock, wireBlock + 1);
      else this.expectedShort.set(wireBlock, byteLength);
      return false;
    }
    slot.expectedBytes = byteLength;
    const { received } = slot;
    if (received.rangeCount > 0 && received.endOf(received.rangeCount - 1) > byteLength)
      throw tooLong(wireBlock);
    return this.handOverIfComplete(slot);
  }

  /** Memory of a block that was handed over. */
  bytesOf(block: number): Uint8Array {
    const slot = this.slots.get(this.wireBlock(block))!;
    return slot.bytes.subarray(0, slot.expectedBytes);
  }

  /**
   * The application is done with a block handed over: its memory goes back, its place becomes credit.
   * @param again it will be sent once more, and is to be expected anew
   * @throws JetStreamError `invalid-argument` when it was not handed over, or is refused for the second time
   */
  release(block: number, again: boolean): void {
    const wireBlock = this.wireBlock(block);
    const slot = this.slots.get(wireBlock);
    if (slot === undefined || !slot.handedOver || (again && isRepeat(wireBlock))) {
      throw new JetStreamError(
        'invalid-argument',
        `block ${block} was not handed over, or was refused before`,
      );
    }
    this.slots.delete(wireBlock);
    this.latest = undefined;
    this.handedOverBlocks -= 1;
    this.pool.release(slot.bytes);
    this.credit.onReleased();
    this.done.insert(wireBlock, wireBlock + 1);
    if (again) this.refused.add(block);
  }

  /**
   * A block released as good was asked for once more: it is to be expected anew. Of one that never came, the next sending is the first.
   * @throws JetStreamError `invalid-argument` when it was asked for once more before
   */
  request(block: number): void {
    if (!this.done.contains(block)) return;
    if (this.refused.has(block)) {
      throw new JetStreamError('invalid-argument', `block ${block} was asked for once more before`);
    }
    this.refused.add(block);
  }

  /** Gives back all memory but that of blocks in the application's hands. */
  abandon(): void {
    for (const slot of this.slots.values()) {
      if (slot.handedOver) continue;
      this.slots.delete(slot.wireBlock);
      this.pool.release(slot.bytes);
    }
    this.latest = undefined;
    this.credit.close(this.handedOverBlocks);
  }

  /** Blocks in the application's hands. */
  get handedOverCount(): number {
    return this.handedOverBlocks;
  }

  /** The number under which a block is on its way. */
  private wireBlock(block: number): number {
    return this.refused.has(block) ? block + REPEAT_OFFSET_BLOCKS : block;
  }

  private begin({ nowUs, smoothedRttUs }: ReceiptTime, wireBlock: number): ReceivingBlock | undefined {
    const block = plainBlock(wireBlock);
    if (isRepeat(wireBlock) && !this.refused.has(block)) {
      throw new JetStreamError('protocol-violation', `nobody asked for block ${block} once more`);
    }
    if (this.credit.isExhausted) {
      throw new JetStreamError('protocol-violation', `block ${block} goes beyond the block credit`);
    }
    const bytes = this.pool.acquire();
    if (bytes === undefined) return undefined;
    const slot: ReceivingBlock = {
      wireBlock,
      bytes,
      received: new RangeSet(),
      expectedBytes: this.takeExpectation(wireBlock),
      handedOver: false,
    };
    this.slots.set(wireBlock, slot);
    this.credit.onBegun(nowUs, smoothedRttUs, this.slots.size - this.handedOverBlocks);
    return slot;
  }

  private takeExpectation(wireBlock: number): number {
    if (this.expectedFull.remove(wireBlock, wireBlock + 1) > 0) return BLOCK_BYTES;
    const byteLength = this.expectedShort.get(wireBlock) ?? 0;
    this.expectedShort.delete(wireBlock);
    return byteLength;
  }

  private handOverIfComplete(slot: ReceivingBlock): boolean {
    if (slot.handedOver || slot.received.size !== slot.expectedBytes) return false;
    slot.handedOver = true;
    this.handedOverBlocks += 1;
    this.completedBlock = plainBlock(slot.wireBlock);
    return true;
  }
}

function tooLong(wireBlock: number): JetStreamError {
  return new JetStreamError(
    'protocol-violation',
    `block ${plainBlock(wireBlock)} is longer than the manifest says`,
  );
}
