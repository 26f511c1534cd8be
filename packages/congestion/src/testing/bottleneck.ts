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
  /** Times in which every packet is lost: pairs of start and end. */
  outagesUs?: readonly (readonly [number, number])[];
  random: () => number;
}

/**
 * One link with a drop-tail queue, in virtual time and without events: a packet's departure is computed when it arrives, as the
 * rate's future is known. Packets must be offered in order of time.
 */
export class Bottleneck {
  readonly #options: BottleneckOptions;
  readonly #steps: readonly RateStep[];
  /** When the last packet accepted so far leaves. */
  #busyUntilUs = 0;
  droppedBytes = 0;
  maxQueueBytes = 0;

  constructor(options: BottleneckOptions) {
    this.#options = options;
    this.#steps = [{ fromUs: 0, bytesPerSecond: options.bytesPerSecond }, ...(options.rateSteps ?? [])];
  }

  /** @returns when the packet leaves the link, or Infinity when it is lost */
  offer(nowUs: number, bytes: number): number {
    const { lossProbability = 0, outagesUs = [], random, bufferBytes } = this.#options;
    for (const [startUs, endUs] of outagesUs) if (nowUs >= startUs && nowUs < endUs) return this.#drop(bytes);
    const loss = typeof lossProbability === 'number' ? lossProbability : lossProbability(nowUs);
    if (loss > 0 && random() < loss) return this.#drop(bytes);
    const queued = this.queuedBytes(nowUs);
    if (queued > 0 && queued + bytes > bufferBytes) return this.#drop(bytes);
    this.maxQueueBytes = Math.max(this.maxQueueBytes, queued + bytes);
    this.#busyUntilUs = this.#serve(Math.max(nowUs, this.#busyUntilUs), bytes);
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

  #drop(bytes: number): number {
    this.droppedBytes += bytes;
    return Number.POSITIVE_INFINITY;
  }
}
