import type { ControllerName } from '../create-controller.ts';
import { type PathOptions, type PathSimulation, simulatePath } from './path.ts';
import type { Sender } from './sender.ts';

const SECOND_US = 1e6;

export interface StartUp {
  /** Round trips until the link was nine tenths used over one round trip. */
  roundTrips: number;
  seconds: number;
  /** Largest queue of the first two seconds after that, in BDP and bytes. */
  maxQueueBdp: number;
  maxQueueBytes: number;
  /** Loss until then, of what was sent. */
  lossRate: number;
}

export function measureStartUp(options: PathOptions): StartUp {
  const { simulation, sender, bdpBytes } = simulatePath(options);
  const rttUs = options.rttMs * 1_000;
  const stepUs = rttUs / 4;
  const acked: number[] = [0];
  for (;;) {
    simulation.run(simulation.nowUs + stepUs);
    acked.push(sender.ackedBytes);
    const lastRoundTrip = sender.ackedBytes - (acked.at(-5) ?? 0);
    if (lastRoundTrip >= 0.9 * bdpBytes || simulation.nowUs > 60 * SECOND_US) break;
  }
  const seconds = simulation.nowUs / SECOND_US;
  simulation.run(simulation.nowUs + 2 * SECOND_US);
  const { maxQueueBytes } = simulation.bottleneck;
  return {
    roundTrips: (seconds * SECOND_US) / rttUs,
    seconds,
    maxQueueBdp: maxQueueBytes / bdpBytes,
    maxQueueBytes,
    lossRate: sender.lostBytes / sender.sentBytes,
  };
}

export interface Steady {
  /** Delivered, as a part of the link's rate. */
  goodput: number;
  lossRate: number;
  queueMedianBdp: number;
  queueP95Bdp: number;
}

/** One sender (or the sum of several) after the first `fromSeconds`. */
export function measureSteady(options: PathOptions, fromSeconds: number, seconds: number): Steady {
  const { simulation, bytesPerSecond, bdpBytes } = simulatePath(options);
  simulation.run(fromSeconds * SECOND_US);
  const before = totals(simulation.senders);
  const queue = simulation.sampleQueue((fromSeconds + seconds) * SECOND_US, 5_000);
  const after = totals(simulation.senders);
  return {
    goodput: (after.acked - before.acked) / seconds / bytesPerSecond,
    lossRate: (after.lost - before.lost) / (after.sent - before.sent),
    queueMedianBdp: percentile(queue, 0.5) / bdpBytes,
    queueP95Bdp: percentile(queue, 0.95) / bdpBytes,
  };
}

export interface Step {
  /** Until delivering nine tenths of the new rate over one interval. */
  secondsToReach: number;
  /** Until the last time that it paced above 1.5 of the new rate or more than half an (old) BDP was queued. */
  secondsToSettle: number;
}

/** The link's rate changes by a factor after twenty seconds. */
export function measureStep(options: PathOptions, factor: number): Step {
  const at = 20;
  const newRate = options.mbitPerSecond * 125_000 * factor;
  const rateSteps = [{ fromUs: at * SECOND_US, bytesPerSecond: newRate }];
  const { simulation, sender, bdpBytes } = simulatePath({ ...options, link: { ...options.link, rateSteps } });
  simulation.run(at * SECOND_US);
  const interval = Math.max(0.1, (2 * options.rttMs) / 1_000);
  let secondsToReach = Number.POSITIVE_INFINITY;
  let secondsToSettle = 0;
  let acked = sender.ackedBytes;
  for (let after = interval; after < 20; after += interval) {
    simulation.run((at + after) * SECOND_US);
    const rate = (sender.ackedBytes - acked) / interval;
    acked = sender.ackedBytes;
    if (rate >= 0.9 * newRate) secondsToReach = Math.min(secondsToReach, after);
    const queued = simulation.bottleneck.queuedBytes(simulation.nowUs);
    if (sender.pacer.rate > 1.5 * newRate || queued > 0.5 * bdpBytes) secondsToSettle = after;
  }
  return { secondsToReach, secondsToSettle };
}

/** Every packet is lost for a time. @returns seconds from the first ACK after it to nine tenths of the link */
export function measureOutage(options: PathOptions, seconds: number): number {
  const from = 10 * SECOND_US;
  const to = from + seconds * SECOND_US;
  const { simulation, sender, bytesPerSecond } = simulatePath({
    ...options,
    link: { outagesUs: [[from, to]] },
  });
  simulation.run(to);
  let acked = sender.ackedBytes;
  while (sender.ackedBytes === acked) simulation.run(simulation.nowUs + 1_000);
  const healedUs = simulation.nowUs;
  const intervalUs = Math.max(50_000, options.rttMs * 1_000);
  do {
    acked = sender.ackedBytes;
    simulation.run(simulation.nowUs + intervalUs);
  } while (sender.ackedBytes - acked < (0.9 * bytesPerSecond * intervalUs) / SECOND_US);
  return (simulation.nowUs - healedUs) / SECOND_US;
}

/** Parts of the link that each sender got between two times. */
export function measureShares(options: PathOptions, fromSeconds: number, toSeconds: number): number[] {
  const { simulation, bytesPerSecond } = simulatePath(options);
  simulation.run(fromSeconds * SECOND_US);
  const before = simulation.senders.map((sender) => sender.ackedBytes);
  simulation.run(toSeconds * SECOND_US);
  const span = (toSeconds - fromSeconds) * bytesPerSecond;
  return simulation.senders.map((sender, index) => (sender.ackedBytes - before[index]!) / span);
}

/** Jain's index of fairness: 1 for equal shares, 1/n for one that takes all. */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

/** Goodput of the first sender per interval, as parts of the link's first rate. */
export function goodputSeries(
  { simulation, sender, bytesPerSecond }: PathSimulation,
  untilSeconds: number,
  intervalSeconds: number,
): number[] {
  const series: number[] = [];
  while (simulation.nowUs < untilSeconds * SECOND_US - 1) {
    const acked = sender.ackedBytes;
    simulation.run(simulation.nowUs + intervalSeconds * SECOND_US);
    series.push((sender.ackedBytes - acked) / intervalSeconds / bytesPerSecond);
  }
  return series;
}

/** Two senders of different kinds; the first one starts five seconds before the other. */
export function duel(
  first: ControllerName,
  second: ControllerName,
): Pick<PathOptions, 'controllers' | 'sender'> {
  return { controllers: [first, second], sender: (index) => ({ startUs: index * 5 * SECOND_US }) };
}

function totals(senders: readonly Sender[]): { acked: number; lost: number; sent: number } {
  const sum = { acked: 0, lost: 0, sent: 0 };
  for (const sender of senders) {
    sum.acked += sender.ackedBytes;
    sum.lost += sender.lostBytes;
    sum.sent += sender.sentBytes;
  }
  return sum;
}

function percentile(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}
