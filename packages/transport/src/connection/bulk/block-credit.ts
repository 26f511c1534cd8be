import type { ConnectionBudget } from './block-budget.ts';

/** Blocks that a sender may be ahead before its use shows that it needs more. */
const FIRST_WINDOW_BLOCKS = 32;
/** Share of the window that may be begun in one round trip: a sender that starts up begins three times as many in the next. */
const ROUND_SHARE = 1 / 4;
/** Share of the window that may wait for bytes of the network: with a few percent of loss a block waits for several round trips. */
const INCOMPLETE_SHARE = 1 / 4;

/**
 * How many blocks the sender of a transfer may begin, counted over the transfer's life. The window sizes itself by what
 * arrives in a round trip, as TCP's does (dynamic right-sizing): small at first, it doubles, up to the application's bound and the
 * connection's part of the memory, when the network rather than the disk uses it up. So it stays above four bandwidth-delay
 * products, and a short path or a slow disk takes little memory.
 */
export class BlockCredit {
  /** Credit announced to the peer. */
  announcedBlocks: number;
  /** Blocks that the application is done with; as last announced. */
  announcedReleasedBlocks = 0;
  /** Blocks that the peer has begun, as seen here. */
  begunBlocks = 0;
  private readonly budget: ConnectionBudget;
  private releasedBlocks = 0;
  private maxBlocks: number;
  private windowBlocks: number;
  private roundStartUs = Number.NEGATIVE_INFINITY;
  private begunAtRoundStart = 0;
  private announcementLost = false;
  private isClosed = false;

  /** @param initialBlocks credit that the peer has from the handshake */
  constructor(initialBlocks: number, budget: ConnectionBudget) {
    this.announcedBlocks = initialBlocks;
    this.maxBlocks = initialBlocks;
    this.windowBlocks = initialBlocks;
    this.budget = budget;
    budget.onTransferOpened();
    budget.promise(initialBlocks);
  }

  /** The application takes bulk data now, at most `maxBlocks` at once (never less than was promised by the handshake). */
  open(maxBlocks: number): void {
    this.maxBlocks = Math.max(maxBlocks, this.windowBlocks);
    this.windowBlocks = Math.min(this.maxBlocks, Math.max(this.windowBlocks, FIRST_WINDOW_BLOCKS));
  }

  get isExhausted(): boolean {
    return this.begunBlocks >= this.announcedBlocks;
  }

  /** @param incompleteBlocks begun blocks that still wait for bytes, this one included */
  onBegun(nowUs: number, smoothedRttUs: number, incompleteBlocks: number): void {
    this.begunBlocks += 1;
    if (nowUs - this.roundStartUs > smoothedRttUs) {
      this.roundStartUs = nowUs;
      this.begunAtRoundStart = this.begunBlocks - 1;
    }
    const begunThisRound = this.begunBlocks - this.begunAtRoundStart;
    const { windowBlocks } = this;
    if (begunThisRound <= windowBlocks * ROUND_SHARE && incompleteBlocks <= windowBlocks * INCOMPLETE_SHARE) {
      return;
    }
    this.windowBlocks = Math.min(this.maxBlocks, this.windowBlocks * 2);
    this.roundStartUs = nowUs;
    this.begunAtRoundStart = this.begunBlocks;
  }

  onReleased(): void {
    this.releasedBlocks += 1;
    this.budget.promise(-1);
  }

  /** The transfer is over: what was promised is so no more, but for blocks in the application's hands. */
  close(handedOverBlocks: number): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.budget.promise(handedOverBlocks - (this.announcedBlocks - this.releasedBlocks));
    this.budget.onTransferClosed();
  }

  /** There is credit to announce, or to announce again. */
  get isDue(): boolean {
    return (
      this.announcementLost ||
      this.releasedBlocks > this.announcedReleasedBlocks ||
      this.target > this.announcedBlocks
    );
  }

  /** A BLOCK_CREDIT was lost. */
  onAnnouncementLost(): void {
    this.announcementLost = true;
  }

  /** @returns the cumulative credit for a BLOCK_CREDIT */
  announce(): number {
    this.announcementLost = false;
    this.announcedReleasedBlocks = this.releasedBlocks;
    const more = this.target - this.announcedBlocks;
    if (more > 0) {
      this.announcedBlocks += more;
      this.budget.promise(more);
    }
    return this.announcedBlocks;
  }

  private get target(): number {
    return this.releasedBlocks + Math.min(this.windowBlocks, this.budget.blocksPerTransfer);
  }
}
