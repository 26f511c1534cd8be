import { type Clock, PROCESS_CLOCK } from '../clock.ts';

/** How far a sender may be above its rate: what comes again and what comes in bursts is nobody's fault. */
const SLACK = 1.25;
const BURST_MS = 2_000;
const BURST_BYTES = 4 * 2 ** 20;
/** A lower rate counts from so long after it was told: until then the sender may not know. */
const NOTICE_MS = 2_000;

/**
 * Keeps credit from a peer that sends faster than it was asked to: it may begin new blocks no faster than its rate. Who keeps to the
 * limit never meets this.
 */
export class CreditBrake {
  readonly #clock: Clock;
  readonly #held: (() => void)[] = [];
  /** Bytes per second; Infinity: nothing is held. */
  #rate = Number.POSITIVE_INFINITY;
  /** Once it counts. */
  #nextRate = Number.POSITIVE_INFINITY;
  #cancelNotice: (() => void) | undefined;
  /** Bytes that may come before anything is held; below zero: so many came too early. */
  #allowance = 0;
  #countedMs = 0;
  #cancelWait: (() => void) | undefined;

  constructor(clock: Clock = PROCESS_CLOCK) {
    this.#clock = clock;
  }

  /** The peer was told to send so fast. @param bytesPerSecond Infinity for no limit */
  setRate(bytesPerSecond: number): void {
    this.#nextRate = bytesPerSecond;
    if (bytesPerSecond >= this.#rate) this.#keepTo(bytesPerSecond);
    else this.#cancelNotice ??= this.#clock.after(NOTICE_MS, () => this.#keepTo(this.#nextRate));
  }

  /** Content came in. */
  onReceived(byteCount: number): void {
    if (this.#rate === Number.POSITIVE_INFINITY) return;
    this.#count();
    this.#allowance -= byteCount;
  }

  /** @param release gives the credit of one block back: at once, or when its time has come; in order */
  release(release: () => void): void {
    this.#held.push(release);
    this.#releaseDue();
  }

  /** There is no peer any more: what is held is released. */
  end(): void {
    this.#cancelNotice?.();
    this.#keepTo(Number.POSITIVE_INFINITY);
  }

  #keepTo(rate: number): void {
    this.#cancelNotice?.();
    this.#cancelNotice = undefined;
    this.#count();
    if (this.#rate === Number.POSITIVE_INFINITY) this.#allowance = burstOf(rate);
    this.#rate = rate;
    this.#releaseDue();
  }

  #count(): void {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = nowMs - this.#countedMs;
    this.#countedMs = nowMs;
    if (this.#rate === Number.POSITIVE_INFINITY) return;
    const earned = (elapsedMs * this.#rate * SLACK) / 1_000;
    this.#allowance = Math.min(this.#allowance + earned, Math.max(this.#allowance, burstOf(this.#rate)));
  }

  #releaseDue(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    if (this.#rate === Number.POSITIVE_INFINITY) this.#allowance = 0;
    else this.#count();
    while (this.#allowance >= 0 && this.#held.length > 0) this.#held.shift()!();
    if (this.#held.length === 0) return;
    const waitMs = (-this.#allowance * 1_000) / (this.#rate * SLACK);
    this.#cancelWait = this.#clock.after(Math.ceil(waitMs), () => this.#releaseDue());
  }
}

function burstOf(rate: number): number {
  return rate === Number.POSITIVE_INFINITY ? 0 : BURST_BYTES + (rate * SLACK * BURST_MS) / 1_000;
}
