import { createLossModel, type LossModel, type LossModelOptions, type SeededRandom } from '@jetstream/simnet';
import { bytesPerMs, type DirectionOptions, queueLimitBytes } from '../direction-options.ts';
import type { Count, DirectionReport, DirectionTraffic } from '../wan-report.ts';
import { Lateness } from './lateness.ts';
import type { PacketSlots } from './packet-slots.ts';
import { TimedRing } from './timed-ring.ts';
import { TrafficSeries } from './traffic-series.ts';

export type ShaperReport = Omit<DirectionReport, 'lostByEmulation'>;
/** Nothing is untold. */
type ExactTraffic = Required<DirectionTraffic> & { droppedByQueue: Count; droppedAtRandom: Count };

/**
 * One direction of a WAN, as a state machine: packets wait in a drop-tail queue, leave it at the rate, are lost or fly for
 * the delay, and are due. Knows no clock: all times are arguments, in µs, and do not go back. A packet is a slot; its
 * holder is the shaper from `offer` on until it is dropped or taken.
 */
export class Shaper {
  readonly traffic = noTraffic();
  readonly #slots: PacketSlots;
  readonly #random: SeededRandom;
  readonly #series: TrafficSeries;
  readonly #lateness = new Lateness();
  /** Waiting, by when they came; the first is on its way out of the interface. */
  readonly #queue = new TimedRing();
  /** In flight, by when they are due. */
  readonly #flight = new TimedRing();
  #options: DirectionOptions;
  #losses: readonly LossModel[] = [];
  #bytesPerUs = 0;
  #limitBytes = 0;
  #delayUs = 0;
  #queuedBytes = 0;
  #firstLeavesUs = Number.POSITIVE_INFINITY;
  #lastDueUs = 0;

  constructor(
    options: DirectionOptions,
    parts: { slots: PacketSlots; random: SeededRandom; bucketUs: number },
  ) {
    this.#slots = parts.slots;
    this.#random = parts.random;
    this.#series = new TrafficSeries(parts.bucketUs);
    this.#options = options;
    this.#apply(options);
    this.#losses = this.#lossModels(options);
  }

  get options(): DirectionOptions {
    return this.#options;
  }

  /**
   * Holds from now on. A packet half sent goes on at the new rate; packets in flight keep their time, so that those sent
   * after a shorter delay begins overtake them, as on a path that changed; a queue over its new limit drains.
   */
  change(nowUs: number, options: DirectionOptions): void {
    this.advance(nowUs);
    const left = this.#queue.length === 0 ? 0 : (this.#firstLeavesUs - nowUs) * this.#bytesPerUs;
    const before = this.#options;
    this.#apply(options);
    if (this.#queue.length > 0) this.#firstLeavesUs = this.#leavesUs(nowUs, left);
    if (options.delayMs !== before.delayMs) this.#lastDueUs = 0;
    if (options.lossPercent !== before.lossPercent || options.burstLoss !== before.burstLoss) {
      this.#losses = this.#lossModels(options);
    }
  }

  /** A packet enters. */
  offer(nowUs: number, slot: number): void {
    this.advance(nowUs);
    const bytes = this.#slots.lengthBytes[slot]!;
    this.traffic.offered.packets++;
    this.traffic.offered.bytes += bytes;
    const depth = this.#queuedBytes + bytes;
    if (depth > this.#limitBytes && this.#queuedBytes > 0) {
      this.traffic.droppedByQueue.packets++;
      this.traffic.droppedByQueue.bytes += bytes;
      this.#series.droppedByQueue(nowUs);
      this.#slots.release(slot);
      return;
    }
    if (this.#queue.length === 0) this.#firstLeavesUs = this.#leavesUs(nowUs, bytes);
    this.#queue.add(nowUs, slot);
    this.#queuedBytes = depth;
    if (this.#bytesPerUs < Number.POSITIVE_INFINITY) this.#noteDepth(nowUs, depth);
    else this.advance(nowUs);
  }

  /** Lets leave the queue what has left it by now. */
  advance(nowUs: number): void {
    while (this.#firstLeavesUs <= nowUs) {
      const leftUs = this.#firstLeavesUs;
      const slot = this.#queue.takeFirst();
      this.#queuedBytes -= this.#slots.lengthBytes[slot]!;
      this.#firstLeavesUs =
        this.#queue.length === 0
          ? Number.POSITIVE_INFINITY
          : this.#leavesUs(leftUs, this.#slots.lengthBytes[this.#queue.first]!);
      this.#series.queue(leftUs, this.#queuedBytes);
      this.#send(leftUs, slot);
    }
  }

  /** No packet is due before this; Infinity: none is here. */
  get nextDueUs(): number {
    return Math.min(this.#flight.firstTime, this.#firstLeavesUs + this.#delayUs);
  }

  /** When the packet is due that `take` would return, of those that have left the queue. */
  get firstDueUs(): number {
    return this.#flight.firstTime;
  }

  /** Hands over the packet due first, which must exist, delivered at `nowUs`. Its place is the caller's to release. */
  take(nowUs: number): number {
    const lateUs = nowUs - this.#flight.firstTime;
    const slot = this.#flight.takeFirst();
    const bytes = this.#slots.lengthBytes[slot]!;
    this.traffic.delivered.packets++;
    this.traffic.delivered.bytes += bytes;
    this.#series.delivered(nowUs, bytes, lateUs);
    this.#lateness.add(lateUs);
    return slot;
  }

  report(nowUs: number): ShaperReport {
    this.advance(nowUs);
    return {
      ...this.traffic,
      options: this.#options,
      lateness: this.#lateness.report(),
      series: this.#series.report(nowUs),
    };
  }

  #apply(options: DirectionOptions): void {
    this.#options = options;
    const { rateMbitPerSecond: rate } = options;
    this.#bytesPerUs = rate === 'unlimited' ? Number.POSITIVE_INFINITY : bytesPerMs(rate) / 1000;
    this.#limitBytes = queueLimitBytes(options);
    this.#delayUs = options.delayMs * 1000;
  }

  #lossModels({ lossPercent, burstLoss }: DirectionOptions): LossModel[] {
    const models: LossModelOptions[] = [];
    if (lossPercent > 0) models.push({ kind: 'bernoulli', share: lossPercent / 100 });
    if (burstLoss !== 'none') models.push({ kind: 'gilbert-elliott', ...burstLoss });
    return models.map((model) => createLossModel(model, this.#random.derive(model.kind)));
  }

  #leavesUs(startUs: number, bytes: number): number {
    return startUs + bytes / this.#bytesPerUs;
  }

  #noteDepth(nowUs: number, bytes: number): void {
    const { deepestQueue } = this.traffic;
    this.#series.queue(nowUs, bytes);
    if (bytes > deepestQueue.bytes) deepestQueue.bytes = bytes;
    const ms = bytes / this.#bytesPerUs / 1000;
    if (ms > deepestQueue.ms) deepestQueue.ms = ms;
  }

  /** The packet has left the queue. */
  #send(nowUs: number, slot: number): void {
    if (this.#isLost(nowUs)) {
      this.traffic.droppedAtRandom.packets++;
      this.traffic.droppedAtRandom.bytes += this.#slots.lengthBytes[slot]!;
      this.#series.droppedAtRandom(nowUs);
      this.#slots.release(slot);
      return;
    }
    const dueUs = this.#dueUs(nowUs);
    this.#flight.add(dueUs, slot);
    if (this.#random.chance(this.#options.duplicatePercent / 100)) {
      this.traffic.duplicatedPackets++;
      this.#slots.hold(slot);
      this.#flight.add(dueUs, slot);
    }
  }

  #isLost(nowUs: number): boolean {
    let lost = false;
    for (let i = 0; i < this.#losses.length; i++) lost = this.#losses[i]!.drops(nowUs) || lost; // each sees all
    return lost;
  }

  #dueUs(leftUs: number): number {
    const { jitterMs, reorderPercent, reorderMs } = this.#options;
    const jitterUs = jitterMs === 0 ? 0 : this.#random.between(0, jitterMs * 1000);
    const dueUs = leftUs + this.#delayUs + jitterUs;
    if (this.#random.chance(reorderPercent / 100)) {
      this.traffic.reorderedPackets++;
      return dueUs + this.#random.between(0, reorderMs * 1000);
    }
    if (dueUs > this.#lastDueUs) this.#lastDueUs = dueUs;
    return this.#lastDueUs;
  }
}

function noTraffic(): ExactTraffic {
  return {
    offered: { packets: 0, bytes: 0 },
    delivered: { packets: 0, bytes: 0 },
    droppedByQueue: { packets: 0, bytes: 0 },
    droppedAtRandom: { packets: 0, bytes: 0 },
    duplicatedPackets: 0,
    reorderedPackets: 0,
    deepestQueue: { bytes: 0, ms: 0 },
  };
}
