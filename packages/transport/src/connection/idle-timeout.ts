/** Keep-alives go when nothing arrived for this share of the idle timeout. */
const KEEP_ALIVE_SHARE = 1 / 3;

/** CL-2: a connection without an opened packet for the idle timeout is dropped; a PING in time keeps it alive. */
export class IdleTimeout {
  private readonly timeoutUs: number;
  private lastOpenedUs: number;
  private lastKeepAliveUs = Number.NEGATIVE_INFINITY;

  constructor(nowUs: number, timeoutMs: number) {
    this.timeoutUs = timeoutMs * 1000;
    this.lastOpenedUs = nowUs;
  }

  onPacketOpened(nowUs: number): void {
    this.lastOpenedUs = nowUs;
  }

  /** When the connection is to be dropped. */
  get deadlineUs(): number {
    return this.lastOpenedUs + this.timeoutUs;
  }

  /** When the next PING of a connection that wants to stay is due. */
  get keepAliveUs(): number {
    return Math.max(this.lastOpenedUs, this.lastKeepAliveUs) + this.timeoutUs * KEEP_ALIVE_SHARE;
  }

  onKeepAlive(nowUs: number): void {
    this.lastKeepAliveUs = nowUs;
  }
}
