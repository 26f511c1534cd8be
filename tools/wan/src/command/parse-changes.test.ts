import { describe, expect, it } from 'vitest';
import { parseChanges, parseDirectedChanges, parseMs } from './parse-changes.ts';

describe('changes as text', () => {
  it.each([
    ['rate=50', { rateMbitPerSecond: 50 }],
    ['rate=0.5', { rateMbitPerSecond: 0.5 }],
    ['rate=unlimited', { rateMbitPerSecond: 'unlimited' }],
    ['queue=100ms', { queue: { ms: 100 } }],
    ['queue=64KiB', { queue: { bytes: 65_536 } }],
    ['queue=1.5MB', { queue: { bytes: 1_500_000 } }],
    ['queue=9000B', { queue: { bytes: 9000 } }],
    ['delay=50', { delayMs: 50 }],
    ['delay=0.6s', { delayMs: 600 }],
    ['jitter=500us', { jitterMs: 0.5 }],
    ['loss=2.5%', { lossPercent: 2.5 }],
    ['burst-loss=1000/20', { burstLoss: { goodPackets: 1000, badPackets: 20 } }],
    ['burst-loss=none', { burstLoss: 'none' }],
    ['reorder=2', { reorderPercent: 2 }],
    ['reorder=2/5ms', { reorderPercent: 2, reorderMs: 5 }],
    ['duplicate=1', { duplicatePercent: 1 }],
    ['rate=5, loss=1,delay=10ms', { rateMbitPerSecond: 5, lossPercent: 1, delayMs: 10 }],
  ])('%s', (text, changes) => {
    expect(parseChanges(text)).toEqual(changes);
  });

  it('may be of one direction', () => {
    expect(parseDirectedChanges('b-to-a:rate=5')).toEqual({
      direction: 'b-to-a',
      changes: { rateMbitPerSecond: 5 },
    });
    expect(parseDirectedChanges('loss=1')).toEqual({ direction: 'both', changes: { lossPercent: 1 } });
  });

  it.each([
    '',
    'rate',
    'rate=',
    'rate=x',
    'rate=-1',
    'rate=1e3',
    'speed=5',
    'loss=1,',
    'queue=1KB',
    'queue=',
    'burst-loss=10',
    'burst-loss=1/2/3',
    'delay=5h',
    'c-to-d:rate=5',
    'constructor=1',
  ])('refuses %j by name', (text) => {
    expect(() => parseDirectedChanges(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

describe('times as text', () => {
  it('need a unit where none is understood', () => {
    expect(parseMs('1.5min')).toBe(90_000);
    expect(() => parseMs('5')).toThrow(/"5" is no time: number and unit/);
  });
});
