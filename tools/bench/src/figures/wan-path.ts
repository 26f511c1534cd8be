import type { WanOptions } from '@jetstream/wan';

/** A path as the cases name it: symmetric but for the loss, which only data meets. */
export interface WanPath {
  readonly rateMbitPerSecond: number;
  readonly roundTripMs: number;
  /** Depth of the queue in products of rate and round trip. */
  readonly queueBdp: number;
  readonly lossPercent: number;
}

const BUCKET_MS = 20;

export function wanOptions(path: WanPath, seed: number): WanOptions {
  return {
    both: {
      rateMbitPerSecond: path.rateMbitPerSecond,
      delayMs: path.roundTripMs / 2,
      queue: { ms: path.queueBdp * path.roundTripMs },
    },
    'a-to-b': { lossPercent: path.lossPercent },
    seed,
    bucketMs: BUCKET_MS,
  };
}

/** Product of rate and round trip. */
export function bdpBytes({ rateMbitPerSecond, roundTripMs }: WanPath): number {
  return rateMbitPerSecond * 125 * roundTripMs;
}

export function describePath(path: WanPath): string {
  const { rateMbitPerSecond, roundTripMs, queueBdp, lossPercent } = path;
  return `${rateMbitPerSecond} Mbit/s, ${roundTripMs} ms, queue ${queueBdp} BDP, loss ${lossPercent} %`;
}
