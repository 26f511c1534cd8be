import { JetStreamError } from '@jetstream/protocol';

/** One direction of a WAN, complete. Packets meet its parts in the order of the fields. Sizes are of IP packets. */
export interface DirectionOptions {
  /** Bottleneck, in Mbit/s (10^6 bits); 'unlimited' has no queue either. */
  rateMbitPerSecond: number | 'unlimited';
  /** Drop-tail queue at the bottleneck: as time at the rate, or as bytes. A packet always finds room in an empty one. */
  queue: { readonly ms: number } | { readonly bytes: number };
  /** Packets lost at random after the queue, in percent. */
  lossPercent: number;
  /** Bursts of loss besides: mean lengths, in packets, of the good times and of the bad ones, in which all are lost. */
  burstLoss: { readonly goodPackets: number; readonly badPackets: number } | 'none';
  /** One way. */
  delayMs: number;
  /** Uniform extra delay of 0…jitterMs for each packet; packets stay in order. */
  jitterMs: number;
  /** Packets held back by 0…reorderMs more while others overtake, in percent. */
  reorderPercent: number;
  reorderMs: number;
  /** Packets that arrive twice, in percent. */
  duplicatePercent: number;
}

export type DirectionChanges = Partial<DirectionOptions>;

/** What is joined: a sends "a-to-b". */
export type Direction = 'a-to-b' | 'b-to-a';
export const DIRECTIONS: readonly Direction[] = ['a-to-b', 'b-to-a'];

/** 100 Mbit/s, 50 ms one way, nothing lost. */
export const DEFAULT_DIRECTION: DirectionOptions = {
  rateMbitPerSecond: 100,
  queue: { ms: 100 },
  lossPercent: 0,
  burstLoss: 'none',
  delayMs: 50,
  jitterMs: 0,
  reorderPercent: 0,
  reorderMs: 10,
  duplicatePercent: 0,
};

const LONGEST_MS = 60_000;

/**
 * @returns `current` with the changes made
 * @throws JetStreamError `invalid-argument` that names the value
 */
export function changedDirection(current: DirectionOptions, changes: DirectionChanges): DirectionOptions {
  const changed = { ...current, ...changes };
  const { rateMbitPerSecond: rate, queue, burstLoss } = changed;
  if (rate !== 'unlimited') within('rate', rate, 0.001, 100_000, 'Mbit/s');
  if ('ms' in queue) within('queue', queue.ms, 0, LONGEST_MS, 'ms');
  else within('queue', queue.bytes, 0, 2 ** 31, 'bytes');
  within('loss', changed.lossPercent, 0, 100, '%');
  if (burstLoss !== 'none') {
    within('good packets of burst loss', burstLoss.goodPackets, 1, 1e9, 'packets');
    within('bad packets of burst loss', burstLoss.badPackets, 1, 1e9, 'packets');
  }
  within('delay', changed.delayMs, 0, LONGEST_MS, 'ms');
  within('jitter', changed.jitterMs, 0, LONGEST_MS, 'ms');
  within('reordering', changed.reorderPercent, 0, 100, '%');
  within('reordering', changed.reorderMs, 0, LONGEST_MS, 'ms');
  within('duplication', changed.duplicatePercent, 0, 100, '%');
  return changed;
}

/** Infinity where there is no limit. */
export function queueLimitBytes({ queue, rateMbitPerSecond: rate }: DirectionOptions): number {
  if (rate === 'unlimited') return Number.POSITIVE_INFINITY;
  return 'bytes' in queue ? queue.bytes : bytesPerMs(rate) * queue.ms;
}

export function bytesPerMs(rateMbitPerSecond: number): number {
  return rateMbitPerSecond * 125;
}

/** @throws JetStreamError `invalid-argument` for what lies outside, or is no number */
export function within(what: string, value: number, low: number, high: number, unit: string): void {
  if (value >= low && value <= high) return;
  throw new JetStreamError('invalid-argument', `${what} is ${value}; it may be ${low} to ${high} ${unit}`, {
    subject: what,
  });
}
