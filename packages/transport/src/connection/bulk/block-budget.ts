/** Part of what the others leave free that a connection may have as credit: the first of n greedy ones keeps 1/(n + 1) of all. */
const SHARE_OF_FREE = 1 / 2;
/** Part of the pool that a connection may have however much the others have. */
const LEAST_SHARE = 1 / 64;
/** From here on a connection that is not logged in gets no memory: what strangers can have ends here. */
const STRANGERS_SHARE = 1 / 2;
/** What the handshake promised to each transfer; fewer would also leave a transfer waiting for its own credit. */
const LEAST_BLOCKS_PER_TRANSFER = 2;

/**
 * What a block pool has promised as credit. Credit is memory that the peer may fill at any time, so it is credit and not use that is
 * counted: then a block within the credit always finds memory. The bound of each connection follows from what all others have (a
 * dynamic threshold: Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches", 1998), so
 * whoever comes later finds something, and whoever was first gives back as its blocks are released.
 */
export class BlockBudget {
  private readonly maxBlocks: number;
  private promisedBlocks = 0;

  /** @param maxBlocks of the pool; Infinity: no connection is bounded */
  constructor(maxBlocks: number) {
    this.maxBlocks = maxBlocks;
  }

  /** Has so much been promised that strangers get nothing? */
  get isCrowded(): boolean {
    return this.promisedBlocks > this.maxBlocks * STRANGERS_SHARE;
  }

  /** Blocks that may be promised to a connection in all. @param ownBlocks promised to it now */
  boundOf(ownBlocks: number): number {
    const free = Math.max(0, this.maxBlocks - (this.promisedBlocks - ownBlocks));
    return Math.max(free * SHARE_OF_FREE, this.maxBlocks * LEAST_SHARE);
  }

  /** @param blocks negative: promised no longer */
  promise(blocks: number): void {
    this.promisedBlocks += blocks;
  }
}

/** A connection's part of the budget; its transfers that receive have equal parts of that. */
export class ConnectionBudget {
  private readonly budget: BlockBudget;
  private promisedBlocks = 0;
  private transfers = 0;

  constructor(budget: BlockBudget) {
    this.budget = budget;
  }

  get isCrowded(): boolean {
    return this.budget.isCrowded;
  }

  /** Blocks of credit that a transfer may have at once. */
  get blocksPerTransfer(): number {
    const bound = Math.floor(this.budget.boundOf(this.promisedBlocks) / this.transfers);
    return Math.max(LEAST_BLOCKS_PER_TRANSFER, bound);
  }

  /** A transfer begins to receive. */
  onTransferOpened(): void {
    this.transfers += 1;
  }

  onTransferClosed(): void {
    this.transfers -= 1;
  }

  promise(blocks: number): void {
    this.promisedBlocks += blocks;
    this.budget.promise(blocks);
  }
}
