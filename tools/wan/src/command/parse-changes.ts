import { JetStreamError } from '@jetstream/protocol';
import type { Direction, DirectionChanges } from '../direction-options.ts';

/** How each setting is written, for the help text and for messages. */
export const SETTINGS = {
  rate: 'Mbit/s, or "unlimited"',
  queue: 'time at the rate (100ms) or size (64KiB, 256kB, 9000B)',
  delay: 'one way (50ms)',
  jitter: 'uniform, 0 to this (5ms); packets stay in order',
  loss: 'percent of packets, at random after the queue',
  'burst-loss': 'GOOD/BAD, mean packets of each time, all lost in the bad (1000/20); or "none"',
  reorder: 'percent of packets held back by 0 to 10ms, or PERCENT/TIME (2/5ms)',
  duplicate: 'percent of packets that arrive twice',
} as const;
export type Setting = keyof typeof SETTINGS;

/** A change of one direction or both, as `a-to-b:rate=50,loss=1` or `rate=50`. */
export interface ParsedChanges {
  direction: Direction | 'both';
  changes: DirectionChanges;
}

const DIRECTION = /^(a-to-b|b-to-a):/;

/** @throws JetStreamError `invalid-argument`, in one line */
export function parseDirectedChanges(text: string): ParsedChanges {
  const direction = DIRECTION.exec(text)?.[1] as Direction | undefined;
  const changes = parseChanges(direction === undefined ? text : text.slice(direction.length + 1));
  return { direction: direction ?? 'both', changes };
}

/** `rate=50,loss=1` @throws JetStreamError `invalid-argument`, in one line */
export function parseChanges(text: string): DirectionChanges {
  const changes: DirectionChanges = {};
  for (const part of text.split(',')) {
    const [, name, value] = /^\s*([a-z-]+)=(.+?)\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined || !Object.hasOwn(SETTINGS, name)) {
      throw usage(
        `${JSON.stringify(part)} is not NAME=VALUE with NAME one of ${Object.keys(SETTINGS).join(', ')}`,
      );
    }
    Object.assign(changes, parseSetting(name as Setting, value));
  }
  return changes;
}

/** @throws JetStreamError `invalid-argument`, in one line */
export function parseSetting(name: Setting, value: string): DirectionChanges {
  switch (name) {
    case 'rate':
      return { rateMbitPerSecond: value === 'unlimited' ? value : parseNumber(name, value) };
    case 'queue':
      return { queue: parseQueue(value) };
    case 'delay':
      return { delayMs: parseMs(value, 'ms') };
    case 'jitter':
      return { jitterMs: parseMs(value, 'ms') };
    case 'loss':
      return { lossPercent: parsePercent(name, value) };
    case 'burst-loss':
      return { burstLoss: parseBurstLoss(value) };
    case 'reorder': {
      const [share, time] = value.split('/');
      const reorderPercent = parsePercent(name, share!);
      return time === undefined ? { reorderPercent } : { reorderPercent, reorderMs: parseMs(time, 'ms') };
    }
    case 'duplicate':
      return { duplicatePercent: parsePercent(name, value) };
  }
}

const MS_BY_UNIT: Record<string, number> = { us: 0.001, ms: 1, s: 1000, min: 60_000 };

/**
 * `5s`, `250ms`, `20us`.
 * @param bare the unit of a number without one; default: none is an error
 */
export function parseMs(text: string, bare?: string): number {
  const [, number, unit = bare] = /^(\d+(?:\.\d+)?|\.\d+)([a-z]+)?$/.exec(text) ?? [];
  const scale = unit === undefined ? undefined : MS_BY_UNIT[unit];
  if (number === undefined || scale === undefined) {
    throw usage(`${JSON.stringify(text)} is no time: number and unit us, ms, s or min`);
  }
  return Number(number) * scale;
}

const BYTES_BY_UNIT: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, KiB: 2 ** 10, MiB: 2 ** 20 };

function parseQueue(text: string): { ms: number } | { bytes: number } {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kM]?B|[KM]iB)$/.exec(text) ?? [];
  if (number === undefined) return { ms: parseMs(text, 'ms') };
  return { bytes: Math.round(Number(number) * BYTES_BY_UNIT[unit!]!) };
}

function parseBurstLoss(text: string): NonNullable<DirectionChanges['burstLoss']> {
  if (text === 'none') return 'none';
  const [good, bad, more] = text.split('/');
  if (bad === undefined || more !== undefined)
    throw usage(`burst-loss is GOOD/BAD or none, not ${JSON.stringify(text)}`);
  return { goodPackets: parseNumber('burst-loss', good!), badPackets: parseNumber('burst-loss', bad) };
}

function parsePercent(name: Setting, text: string): number {
  return parseNumber(name, text.replace(/%$/, ''));
}

function parseNumber(name: Setting, text: string): number {
  if (/^(\d+(\.\d*)?|\.\d+)$/.test(text)) return Number(text);
  throw usage(`${name}: ${JSON.stringify(text)} is no number`);
}

export function usage(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', message);
}
