import type { Clock } from '../../clock.ts';
import { GIVE_UP_AFTER_US, retryDelayUs } from './retry-policy.ts';
import type { TransferQueue } from './transfer-queue.ts';

interface Hold {
  failures: number;
  sinceMs: number;
  /** When the next transfer may try it. */
  dueMs: number;
  /** It is past that, and one may. */
  isDue: boolean;
  unsetTimer: () => void;
}

/**
 * Destinations that failed, not reachable for instance: nothing more is begun there for a while, then a single transfer; when that one
 * comes on, so do the others. A thousand that wait for a server that is down do not try it one after the other.
 */
export class DestinationHolds {
  readonly #queue: Pick<TransferQueue, 'limitDestination'>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onDue: () => void;
  readonly #holds = new Map<string, Hold>();

  /** @param onDue something may begin again */
  constructor(
    queue: Pick<TransferQueue, 'limitDestination'>,
    clock: Clock,
    random: () => number,
    onDue: () => void,
  ) {
    this.#queue = queue;
    this.#clock = clock;
    this.#random = random;
    this.#onDue = onDue;
  }

  /** Of those that run there all at once, the first one counts. @returns how long it is held from now on, µs */
  fail(destinationId: string): number {
    const nowMs = this.#clock.nowMs();
    const before = this.#holds.get(destinationId);
    if (before !== undefined && !before.isDue) return (before.dueMs - nowMs) * 1_000;
    const failures = (before?.failures ?? 0) + 1;
    const delayMs = retryDelayUs(failures, this.#random()) / 1_000;
    this.#holds.set(destinationId, {
      failures,
      sinceMs: before?.sinceMs ?? nowMs,
      dueMs: nowMs + delayMs,
      isDue: false,
      unsetTimer: this.#clock.after(delayMs, () => this.hurry(destinationId)),
    });
    this.#queue.limitDestination(destinationId, 0);
    return delayMs * 1_000;
  }

  /** It may be tried now. */
  hurry(destinationId: string): void {
    const hold = this.#holds.get(destinationId);
    if (hold === undefined || hold.isDue) return;
    hold.unsetTimer();
    hold.isDue = true;
    this.#queue.limitDestination(destinationId, 1);
    this.#onDue();
  }

  /** It works. */
  release(destinationId: string): void {
    const hold = this.#holds.get(destinationId);
    if (hold === undefined) return;
    hold.unsetTimer();
    this.#holds.delete(destinationId);
    this.#queue.limitDestination(destinationId, undefined);
    this.#onDue();
  }

  /** It has failed for so long that what waits for it need not be tried any more. */
  isHopeless(destinationId: string): boolean {
    const hold = this.#holds.get(destinationId);
    return hold !== undefined && (this.#clock.nowMs() - hold.sinceMs) * 1_000 >= GIVE_UP_AFTER_US;
  }

  get size(): number {
    return this.#holds.size;
  }

  close(): void {
    for (const { unsetTimer } of this.#holds.values()) unsetTimer();
    this.#holds.clear();
  }
}
