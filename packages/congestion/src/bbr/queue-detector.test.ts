import { describe, expect, it } from 'vitest';
import { QueueDetector } from './queue-detector.ts';
import { BbrState } from './state.ts';

function watch(minRttMs: number, rttsMs: readonly number[], everyMs: number): boolean {
  const state = new BbrState({ datagramBytes: 1_400, initialWindowBytes: 14_000, random: () => 0 }, 0, 0);
  state.minRttUs = minRttMs * 1_000;
  const detector = new QueueDetector();
  for (const rttMs of rttsMs) {
    state.nowUs += everyMs * 1_000;
    detector.onRtt(state, rttMs * 1_000);
  }
  return detector.isStanding(state);
}

const repeat = (pattern: readonly number[], times: number): number[] =>
  Array.from({ length: times }, () => pattern).flat();

describe('QueueDetector', () => {
  it('sees a queue when every RTT of two windows is above min_rtt by more than an eighth', () => {
    expect(watch(100, repeat([115, 120], 20), 10)).toBe(true);
    expect(watch(100, repeat([110, 112], 20), 10)).toBe(false);
  });

  it('does not take jitter for a queue', () => {
    expect(watch(100, repeat([180, 150, 101, 170], 10), 10)).toBe(false);
  });

  it('takes less than 4 ms for noise on a short path', () => {
    expect(watch(5, repeat([8.9], 40), 5)).toBe(false);
    expect(watch(5, repeat([9.1], 40), 5)).toBe(true);
  });

  it('forgets a queue within one window of its end', () => {
    expect(watch(100, [...repeat([150], 30), 101], 10)).toBe(false);
  });

  it('sees nothing before the first RTT', () => {
    expect(watch(0, [], 1)).toBe(false);
  });
});
