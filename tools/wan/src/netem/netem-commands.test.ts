import { describe, expect, it } from 'vitest';
import { DEFAULT_DIRECTION, type DirectionChanges } from '../direction-options.ts';
import { beyondNetem, qdiscCommands, refuseBeyondNetem } from './netem-commands.ts';

function commands(changes: DirectionChanges): string[] {
  return qdiscCommands('to-b', { ...DEFAULT_DIRECTION, ...changes });
}

describe('the commands of tc', () => {
  it('delay with netem, and hold to the rate with tbf behind it', () => {
    expect(commands({ rateMbitPerSecond: 500 })).toEqual([
      'qdisc replace dev to-b root handle 1: stab overhead -14 netem limit 1000000 delay 50000us',
      'qdisc replace dev to-b parent 1: handle 10: tbf rate 500000000bit burst 15625 limit 6250000',
    ]);
  });

  it.each([
    [{ lossPercent: 1.5 }, 'loss random 1.5%'],
    [{ burstLoss: { goodPackets: 1000, badPackets: 20 } }, 'loss gemodel 0.1% 5% 100% 0%'],
    [
      { burstLoss: { goodPackets: 300, badPackets: 3 }, lossPercent: 1 },
      'loss gemodel 0.333333% 33.3333% 100% 1%',
    ],
    [{ duplicatePercent: 2 }, 'duplicate 2%'],
  ])('say %j', (changes, words) => {
    expect(commands(changes)[0]).toBe(
      `qdisc replace dev to-b root handle 1: stab overhead -14 netem limit 1000000 delay 50000us ${words}`,
    );
  });

  it('leave room for two packets in the smallest queue', () => {
    expect(commands({ rateMbitPerSecond: 1, queue: { bytes: 0 } })[1]).toMatch(
      /rate 1000000bit burst 3200 limit 3200$/,
    );
  });

  it('stand for no limit with more than a machine can send', () => {
    expect(commands({ rateMbitPerSecond: 'unlimited' })[1]).toMatch(
      /rate 100000000000bit burst 3125000 limit 1073741824$/,
    );
  });
});

describe('what netem cannot do', () => {
  it('is said by name', () => {
    expect(beyondNetem(DEFAULT_DIRECTION)).toBeUndefined();
    expect(() => refuseBeyondNetem({ ...DEFAULT_DIRECTION, jitterMs: 1 })).toThrow(
      /jitter .* use the backend tun/,
    );
    expect(() => refuseBeyondNetem({ ...DEFAULT_DIRECTION, reorderPercent: 1 })).toThrow(/overtake/);
  });
});
