import { describe, expect, it } from 'vitest';
import type { AckSample } from './controller.ts';
import { HyStart } from './hystart.ts';

/** One round of ten ACKs with the given RTT. @returns whether slow start is over */
function round(hystart: HyStart, state: { delivered: number }, rttUs: number): boolean {
  let over = false;
  const prior = state.delivered;
  for (let ack = 0; ack < 10; ack++) {
    state.delivered += 1_000;
    const sample = {
      rttUs,
      deliveredBytes: state.delivered,
      priorDeliveredBytes: ack === 0 ? prior : prior - 1,
      transmitBytesInFlight: 10_000,
    } as AckSample;
    over = hystart.onAck(sample) || over;
  }
  return over;
}

describe('HyStart', () => {
  it('stays in slow start while the RTT does not rise by an eighth', () => {
    const hystart = new HyStart();
    const state = { delivered: 0 };
    for (const ms of [100, 101, 103, 108, 112]) expect(round(hystart, state, ms * 1_000)).toBe(false);
    expect(hystart.conservative).toBe(false);
    expect(hystart.growth(1_000)).toBe(1_000);
  });

  it('grows a quarter as fast once the RTT rises, and ends slow start after five rounds of it', () => {
    const hystart = new HyStart();
    const state = { delivered: 0 };
    round(hystart, state, 100_000);
    round(hystart, state, 120_000);
    expect(hystart.conservative).toBe(true);
    expect(hystart.growth(1_000)).toBe(250);
    const over = Array.from({ length: 5 }, () => round(hystart, state, 125_000));
    expect(over).toEqual([false, false, false, false, true]);
  });

  it('goes back to slow start when the rise was a fluke', () => {
    const hystart = new HyStart();
    const state = { delivered: 0 };
    round(hystart, state, 100_000);
    round(hystart, state, 120_000);
    round(hystart, state, 101_000);
    expect(hystart.conservative).toBe(false);
  });

  it('takes 4 ms for noise on short paths, and 16 ms for a queue on long ones', () => {
    const short = new HyStart();
    const long = new HyStart();
    const a = { delivered: 0 };
    const b = { delivered: 0 };
    round(short, a, 10_000);
    round(short, a, 13_900);
    expect(short.conservative).toBe(false);
    round(long, b, 300_000);
    round(long, b, 316_100);
    expect(long.conservative).toBe(true);
  });
});
