import type { ServiceClock } from '../clock.ts';

/** Times of a transfer that may be known already, µs; null: not yet. */
export interface KnownTimes {
  requestTime: number;
  queueTime: number | null;
  startTime: number | null;
  endTime: number | null;
  snapshotTime: number | null;
}

/**
 * The time by a transfer's own clock: the wall clock is read once for it, and all later times are that and what has gone by on the
 * monotonic clock. After a restart it is read anew, and taken for no earlier than what the transfer knew before.
 */
export class TransferTimes {
  readonly #clock: ServiceClock;
  /** Wall less monotonic clock. */
  readonly #offsetsUs = new Map<string, number>();

  constructor(clock: ServiceClock) {
    this.#clock = clock;
  }

  /** Its `requestTime`. */
  begin(transferId: string): number {
    return this.#now(transferId, 0);
  }

  now(transferId: string, known: KnownTimes): number {
    const { requestTime, queueTime, startTime, endTime, snapshotTime } = known;
    return this.#now(
      transferId,
      Math.max(requestTime, queueTime ?? 0, startTime ?? 0, endTime ?? 0, snapshotTime ?? 0),
    );
  }

  forget(transferId: string): void {
    this.#offsetsUs.delete(transferId);
  }

  #now(transferId: string, noEarlierThan: number): number {
    const monotonicUs = this.#clock.monotonicUs();
    let offsetUs = this.#offsetsUs.get(transferId);
    if (offsetUs === undefined) {
      offsetUs = Math.max(this.#clock.wallUs(), noEarlierThan) - monotonicUs;
      this.#offsetsUs.set(transferId, offsetUs);
    }
    return Math.round(monotonicUs + offsetUs);
  }
}
