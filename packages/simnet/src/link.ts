import { Ecn } from '@jetstream/protocol';
import { DepartureRing } from './departure-ring.ts';
import type { LinkCounters, LinkOptions } from './link-options.ts';
import { createLossModel, type LossModel } from './loss-models/loss-model.ts';
import { Policer } from './policer.ts';
import type { SeededRandom } from './random.ts';
import { StepSchedule } from './step-schedule.ts';
import { TimeSeries } from './time-series.ts';

/** IPv4 and UDP header of every datagram on the wire. */
export const IP_UDP_HEADER_BYTES = 28;
/** What `offer` returns for a packet that does not arrive. */
export const DROPPED = -1;

/**
 * One direction of a path. The whole future of a packet is known when it is offered, because queues are drop-tail and
 * rates follow a schedule: so a packet costs one event per link.
 */
export class Link {
  readonly name: string;
  readonly counters: LinkCounters = noTraffic();
  /** Time that packets spent waiting, in µs, when they were offered. */
  readonly queueTimeUs = new TimeSeries();
  /** About the packet last offered: its ECN codepoint now, and when its copy arrives (`DROPPED`: no copy). */
  ecn: number = Ecn.NotCapable;
  duplicateArrivesUs = DROPPED;

  readonly #mtuBytes: StepSchedule;
  readonly #rate: StepSchedule;
  readonly #delayUs: StepSchedule;
  readonly #policer: Policer | undefined;
  readonly #queueBytes: number;
  readonly #ecnThresholdBytes: number;
  readonly #bleachesEcn: boolean;
  readonly #jitterUs: number;
  readonly #jitterReorders: boolean;
  readonly #reordering: { readonly share: number; readonly upToUs: number };
  readonly #duplicatedShare: number;
  readonly #duplicateWithinUs: number;
  readonly #corruptedShare: number;
  readonly #losses: readonly LossModel[];
  readonly #random: SeededRandom;
  readonly #queue = new DepartureRing();
  #freeUs = 0;
  #lastArrivalUs = 0;

  constructor(options: LinkOptions, random: SeededRandom) {
    this.name = options.name;
    this.#random = random.derive(options.name);
    this.#mtuBytes = new StepSchedule(options.mtuBytes ?? 1500);
    this.#rate = new StepSchedule(options.rateBytesPerSecond ?? Number.POSITIVE_INFINITY);
    this.#delayUs = new StepSchedule(options.delayUs ?? 0);
    this.#policer = options.policer && new Policer(options.policer);
    this.#queueBytes = options.queueBytes ?? Number.POSITIVE_INFINITY;
    this.#ecnThresholdBytes = options.ecnThresholdBytes ?? Number.POSITIVE_INFINITY;
    this.#bleachesEcn = options.bleachesEcn ?? false;
    this.#losses = (options.loss ?? []).map((loss, index) =>
      createLossModel(loss, this.#random.derive(`loss ${index}`)),
    );
    this.#jitterUs = options.jitterUs ?? 0;
    this.#jitterReorders = options.jitterReorders ?? false;
    this.#reordering = options.reordering ?? { share: 0, upToUs: 0 };
    this.#duplicatedShare = options.duplicatedShare ?? 0;
    this.#duplicateWithinUs = options.duplicateWithinUs ?? 1000;
    this.#corruptedShare = options.corruptedShare ?? 0;
  }

  /**
   * Takes a datagram that reaches this link at `nowUs`; flips bits of it if chance says so.
   * @param ecn codepoint that it comes with
   * @returns when it arrives at the other end, or `DROPPED`
   */
  offer(nowUs: number, datagram: Uint8Array, ecn: number = Ecn.NotCapable): number {
    const counters = this.counters;
    const wireBytes = datagram.length + IP_UDP_HEADER_BYTES;
    counters.offered++;
    counters.offeredBytes += datagram.length;
    this.ecn = this.#bleachesEcn ? Ecn.NotCapable : ecn;
    this.duplicateArrivesUs = DROPPED;
    if (wireBytes > this.#mtuBytes.valueAt(nowUs)) {
      counters.droppedByMtu++;
      return DROPPED;
    }
    if (this.#policer?.admits(nowUs, wireBytes) === false) {
      counters.droppedByPolicer++;
      return DROPPED;
    }
    const leavesUs = this.#enqueue(nowUs, wireBytes);
    if (leavesUs === DROPPED) {
      counters.droppedByQueue++;
      return DROPPED;
    }
    if (this.#isLost(leavesUs)) {
      counters.droppedByLoss++;
      return DROPPED;
    }
    counters.delivered++;
    counters.deliveredBytes += datagram.length;
    if (this.#random.chance(this.#corruptedShare)) this.#corrupt(datagram);
    const arrivesUs = this.#arrival(leavesUs);
    if (this.#random.chance(this.#duplicatedShare)) {
      counters.duplicated++;
      this.duplicateArrivesUs = arrivesUs + this.#random.between(0, this.#duplicateWithinUs);
    }
    return arrivesUs;
  }

  /** Bytes on the wire that wait or are being sent at `nowUs`. */
  queuedBytes(nowUs: number): number {
    return this.#queue.bytesAfter(nowUs);
  }

  /** @returns when the packet has left the queue and the interface, or `DROPPED` */
  #enqueue(nowUs: number, wireBytes: number): number {
    if (this.#rate.valueAt(nowUs) === Number.POSITIVE_INFINITY) return nowUs;
    const queued = this.#queue.bytesAfter(nowUs) + wireBytes;
    if (queued > this.#queueBytes) return DROPPED;
    if (queued > this.counters.deepestQueueBytes) this.counters.deepestQueueBytes = queued;
    if (queued > this.#ecnThresholdBytes && this.ecn !== Ecn.NotCapable) {
      this.ecn = Ecn.Ce;
      this.counters.marked++;
    }
    const startUs = Math.max(nowUs, this.#freeUs);
    this.queueTimeUs.add(nowUs, startUs - nowUs);
    this.#freeUs = this.#rate.serviceEndUs(startUs, wireBytes);
    this.#queue.add(this.#freeUs, wireBytes);
    return this.#freeUs;
  }

  #isLost(leavesUs: number): boolean {
    let lost = false;
    for (const model of this.#losses) lost = model.drops(leavesUs) || lost; // every model sees every packet
    return lost;
  }

  #arrival(leavesUs: number): number {
    const arrivesUs = leavesUs + this.#delayUs.valueAt(leavesUs) + this.#jitter();
    if (this.#random.chance(this.#reordering.share)) {
      this.counters.reordered++;
      return arrivesUs + this.#random.between(0, this.#reordering.upToUs);
    }
    if (this.#jitterReorders) return arrivesUs;
    this.#lastArrivalUs = Math.max(this.#lastArrivalUs, arrivesUs);
    return this.#lastArrivalUs;
  }

  #jitter(): number {
    return this.#jitterUs === 0 ? 0 : this.#random.between(0, this.#jitterUs);
  }

  #corrupt(datagram: Uint8Array): void {
    this.counters.corrupted++;
    const first = this.#random.below(datagram.length * 8);
    const flips = 1 + this.#random.below(3);
    for (let i = 0; i < flips; i++) {
      const bit = (first + i) % (datagram.length * 8); // neighbours, so that no two flips cancel
      datagram[bit >> 3]! ^= 1 << (bit & 7);
    }
  }
}

function noTraffic(): LinkCounters {
  return {
    offered: 0,
    delivered: 0,
    droppedByPolicer: 0,
    droppedByQueue: 0,
    droppedByLoss: 0,
    droppedByMtu: 0,
    corrupted: 0,
    duplicated: 0,
    reordered: 0,
    marked: 0,
    offeredBytes: 0,
    deliveredBytes: 0,
    deepestQueueBytes: 0,
  };
}
