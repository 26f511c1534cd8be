import type { WanReport } from '@jetstream/wan';
import { quantile } from './statistics.ts';
import { bdpBytes, type WanPath } from './wan-path.ts';

/** What the path saw of a copy. Bytes are those of whole IP packets from sender to receiver. */
export interface WanFigures {
  sentPackets: number;
  sentBytes: number;
  droppedByQueuePackets: number;
  droppedAtRandomPackets: number;
  /** What arrived beyond content and its headers: sent again without need, and all that is not content. */
  redundantBytes?: number;
  /** Of the content. */
  redundantShare?: number;
  deepestQueueMs: number;
  deepestQueueBdp: number;
  /** Of the deepest queue in each interval of the series, after start-up. */
  standingQueueP50Ms: number;
  standingQueueP95Ms: number;
  standingQueueP95Bdp: number;
  /** Above 0 the emulation was too slow, and no figure is to be trusted. */
  lostByEmulation: number;
}

/** Over time, in intervals of `stepMs`. */
export interface PathSeries {
  stepMs: number;
  deliveredMbitPerSecond: number[];
  /** Before the bottleneck; of a WAN only. */
  queueMs?: number[];
  /** Propagation and both queues; of a WAN only. */
  roundTripMs?: number[];
}

/** Start-up is over after so many round trips, as in the simulated suite. */
const STARTUP_ROUND_TRIPS = 20;

/**
 * @param span of the copy, on the clock of the report
 * @param content bytes of the file, and what a packet of it has besides; undefined where that is not known
 */
export function wanFigures(
  report: WanReport,
  path: WanPath,
  span: { fromMs: number; toMs: number },
  content?: { bytes: number; headerBytesPerPacket: number },
): WanFigures & { series: Required<PathSeries> } {
  const there = report['a-to-b'];
  const series = seriesWithin(report, path, span);
  const standing = series.queueMs.slice(Math.floor((STARTUP_ROUND_TRIPS * path.roundTripMs) / series.stepMs));
  const p95Ms = quantile(standing, 0.95);
  const redundantBytes =
    content && there.delivered.bytes - content.bytes - there.delivered.packets * content.headerBytesPerPacket;
  return {
    sentPackets: there.offered.packets,
    sentBytes: there.offered.bytes,
    droppedByQueuePackets: there.droppedByQueue.packets,
    droppedAtRandomPackets: there.droppedAtRandom.packets,
    ...(redundantBytes !== undefined && { redundantBytes, redundantShare: redundantBytes / content!.bytes }),
    deepestQueueMs: there.deepestQueue.ms,
    deepestQueueBdp: there.deepestQueue.bytes / bdpBytes(path),
    standingQueueP50Ms: quantile(standing, 0.5),
    standingQueueP95Ms: p95Ms,
    standingQueueP95Bdp: p95Ms / path.roundTripMs,
    lostByEmulation: there.lostByEmulation + report['b-to-a'].lostByEmulation,
    series,
  };
}

/** What the report has of a span of time. */
export function seriesWithin(
  report: WanReport,
  path: WanPath,
  span: { fromMs: number; toMs: number },
): Required<PathSeries> {
  const [there, back] = [report['a-to-b'].series, report['b-to-a'].series];
  const stepMs = there.bucketMs;
  const bytesPerMs = path.rateMbitPerSecond * 125;
  const within = <T>(values: readonly T[]): T[] =>
    values.slice(Math.floor(span.fromMs / stepMs), Math.ceil(span.toMs / stepMs));
  const queueMs = within(there.queueBytes).map((bytes) => bytes / bytesPerMs);
  // The way back may have doubled its intervals at another time; it is as long in time.
  const backAt = (index: number): number =>
    back.queueBytes[Math.floor((span.fromMs + index * stepMs) / back.bucketMs)] ?? 0;
  return {
    stepMs,
    deliveredMbitPerSecond: within(there.deliveredBytes).map((bytes) => (bytes * 8) / stepMs / 1000),
    queueMs,
    roundTripMs: queueMs.map((ms, index) => path.roundTripMs + ms + backAt(index) / bytesPerMs),
  };
}
