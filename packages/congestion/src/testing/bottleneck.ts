import { CoDel } from './codel.ts';
import { type PolicerOptions, TokenBucket } from './token-bucket.ts';

const LOST = Number.POSITIVE_INFINITY;

/** Who sends through a link; told when a packet leaves it, be it later or at once. */
export interface PacketSink {
  onDeparture(packet: number, departureUs: number): void;
}

/** What several senders send through. Packets must be offered in order of time. */
export interface SharedLink {
  readonly droppedBytes: number;
  readonly maxQueueBytes: number;
  /** Takes a packet; its sink is not told when it is lost. */
  offer(nowUs: number, bytes: number, sink: PacketSink, packet: number): void;
  queuedBytes(nowUs: number): number;
  /** When `handleEvent` must be called; Infinity for never. */
  nextEventUs(): number;
  handleEvent(nowUs: number): void;
}

/** A bottleneck's rate from some time on. */
export interface RateStep {
  fromUs: number;
  bytesPerSecond: number;
}

export interface BottleneckOptions {
  bytesPerSecond: number;
  /** Size of the drop-tail queue, the packet in service included. */
  bufferBytes: number;
  /** Chance of each packet to be lost at random, before the queue; may change with time. Default 0. */
  lossProbability?: number | ((nowUs: number) => number);
  /** Later rates, in order of time. */
  rateSteps?: readonly RateStep[];
  /** Drops what comes faster than its rate, in front of the queue. Default none. */
  policer?: PolicerOptions;
  /** Has the queue managed by CoDel. Default false: drop-tail alone. */
  codel?: boolean;
  /** Times in which every packet is lost: pairs of start and end. */
  outagesUs?: readonly (readonly [number, number])[];
  random: () => number;
}

/**
 * One link with a first-in-first-out queue, in virtual time and without events: a packet's departure is computed when it arrives, as
 * the rate's future is known.
 */
export class Bottleneck implements SharedLink {
  readonly #options: BottleneckOptions;
  readonly #steps: readonly RateStep[];
  readonly #policer: TokenBucket | undefined;
  readonly #codel: CoDel | undefined;
  /** When the last packet accepted so far leaves. */
  #busyUntilUs = 0;
  droppedBytes = 0;
  maxQueueBytes = 0;

  constructor(options: BottleneckOptions) {
    this.#options = options;
    this.#steps = [{ fromUs: 0, bytesPerSecond: options.bytesPerSecond }, ...(options.rateSteps ?? [])];
    this.#policer = options.policer && new TokenBucket(options.policer);
    this.#codel = options.codel === true ? new CoDel() : undefined;
  }

  offer(nowUs: number, bytes: number, sink: PacketSink, packet: number): void {
    const departureUs = this.#departureUs(nowUs, bytes);
    if (departureUs === LOST) this.droppedBytes += bytes;
    else sink.onDeparture(packet, departureUs);
  }

  nextEventUs(): number {
    return Number.POSITIVE_INFINITY;
  }

  handleEvent(): void {}

  /** `LOST`, or when the packet leaves the link. */
  #departureUs(nowUs: number, bytes: number): number {
    const { lossProbability = 0, outagesUs = [], random, bufferBytes } = this.#options;
    for (const [startUs, endUs] of outagesUs) if (nowUs >= startUs && nowUs < endUs) return LOST;
    const loss = typeof lossProbability === 'number' ? lossProbability : lossProbability(nowUs);
    if (loss > 0 && random() < loss) return LOST;
    if (this.#policer?.passes(nowUs, bytes) === false) return LOST;
    const queued = this.queuedBytes(nowUs);
    if (queued > 0 && queued + bytes > bufferBytes) return LOST;
    const startUs = Math.max(nowUs, this.#busyUntilUs);
    if (this.#codel?.drops(nowUs, startUs) === true) return LOST;
    this.maxQueueBytes = Math.max(this.maxQueueBytes, queued + bytes);
    this.#busyUntilUs = this.#serve(startUs, bytes);
    return this.#busyUntilUs;
  }

  queuedBytes(nowUs: number): number {
    let bytes = 0;
    let fromUs = nowUs;
    for (let step = this.#stepAt(nowUs); fromUs < this.#busyUntilUs; step++) {
      const untilUs = Math.min(this.#busyUntilUs, this.#steps[step + 1]?.fromUs ?? Number.POSITIVE_INFINITY);
      bytes += ((untilUs - fromUs) * this.#steps[step]!.bytesPerSecond) / 1e6;
      fromUs = untilUs;
    }
    return bytes;
  }

  rateAt(nowUs: number): number {
    return this.#steps[this.#stepAt(nowUs)]!.bytesPerSecond;
  }

  #serve(startUs: number, bytes: number): number {
    let atUs = startUs;
    let left = bytes;
    for (let step = this.#stepAt(startUs); ; step++) {
      const rate = this.#steps[step]!.bytesPerSecond;
      const endUs = this.#steps[step + 1]?.fromUs ?? Number.POSITIVE_INFINITY;
      const doneUs = atUs + (left * 1e6) / rate;
      if (doneUs <= endUs) return doneUs;
      left -= ((endUs - atUs) * rate) / 1e6;
      atUs = endUs;
    }
  }

  #stepAt(nowUs: number): number {
    let step = this.#steps.length - 1;
    while (step > 0 && this.#steps[step]!.fromUs > nowUs) step--;
    return step;
  }
}
