/** Blocks that a sender may be ahead before its use shows that it needs more. */
const FIRST_WINDOW_BLOCKS = 16;
/** Share of the window that may be begun in one round trip: a sender that starts up begins three times as many in the next. */
const ROUND_SHARE = 1 / 4;
/** Share of the window that may wait for bytes of the network: with a few percent of loss a block waits for several round trips. */
const INCOMPLETE_SHARE = 1 / 4;

/**
 * How many blocks the sender of a transfer may begin, counted over the transfer's life. The window is small at first and
 * doubles, up to the application's bound, when the network rather than the disk uses it up: so it stays above four
 * bandwidth-delay products and a short path costs little memory.
 */
export class BlockCredit {
  /** Credit announced to the peer. */
  announcedBlocks: number;
  /** Blocks that the peer has begun, as seen here. */
  begunBlocks = 0;
  /** Blocks that the application is done with; as last announced. */
  announcedReleasedBlocks = 0;
  private releasedBlocks = 0;
  private maxBlocks: number;
  private windowBlocks: number;
  private roundStartUs = Number.NEGATIVE_INFINITY;
  private begunAtRoundStart = 0;
  private announcementLost = false;

  /** @param initialBlocks credit that the peer has from the handshake */
  constructor(initialBlocks: number) {
    this.announcedBlocks = initialBlocks;
    this.maxBlocks = initialBlocks;
    this.windowBlocks = initialBlocks;
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
  }

  /** There is credit to announce, or to announce again. */
  get isDue(): boolean {
    return (
      this.announcementLost ||
      this.releasedBlocks > this.announcedReleasedBlocks ||
      this.releasedBlocks + this.windowBlocks > this.announcedBlocks
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
    this.announcedBlocks = Math.max(this.announcedBlocks, this.releasedBlocks + this.windowBlocks);
    return this.announcedBlocks;
  }
}
