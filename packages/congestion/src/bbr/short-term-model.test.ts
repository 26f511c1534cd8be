import { beforeEach, describe, expect, it } from 'vitest';
import type { AckSample } from '../controller.ts';
import { newAckSample } from '../samples.ts';
import type { DelayGatedLoss } from './delay-gated-loss.ts';
import {
  adaptLowerBoundsFromCongestion,
  advanceLatestDeliverySignals,
  updateLatestDeliverySignals,
} from './short-term-model.ts';
import { BbrState } from './state.ts';

const RATE = 10e6;
const WINDOW = 1e6;

/** Sees congestion always, and a path that loses one packet in a hundred whatever is sent. */
const gate = { counts: () => true, excusedLossRate: () => 0.01 } as unknown as DelayGatedLoss;

describe('the short-term model', () => {
  let state: BbrState;

  beforeEach(() => {
    state = new BbrState(
      { datagramBytes: 1472, initialWindowBytes: 32 * 1472, handshakeRttUs: 0, random: () => 0 },
      0,
      0,
    );
    state.maxBwFilter.update(RATE, 0);
    state.cwnd = 2 * WINDOW;
    state.bytesInFlight = WINDOW;
    state.phase = 'probe-bw-cruise';
  });

  /** A window's worth is delivered at that rate, with so much lost; at its end the loss round is judged. */
  function deliverWindow(deliveryRate: number, lostBytes: number): void {
    const sample: AckSample = { ...newAckSample(), deliveryRate, transmitBytesInFlight: WINDOW };
    for (let part = 1; part <= 4; part++) {
      sample.priorDeliveredBytes = state.deliveredBytes - WINDOW;
      state.deliveredBytes += WINDOW / 4;
      if (part === 1 && lostBytes > 0) state.isLossInRound = true;
      state.lossRoundLostBytes += lostBytes / 4;
      updateLatestDeliverySignals(state, sample);
      adaptLowerBoundsFromCongestion(state, gate);
      advanceLatestDeliverySignals(state, sample);
    }
  }

  it('follows a rate that falls with loss', () => {
    for (let window = 0; window < 3; window++) deliverWindow(0.8 * RATE, 0.1 * WINDOW);
    expect(state.bwShortterm).toBeCloseTo(0.8 * RATE);
  });

  it('is not drawn from loss that the path has anyway', () => {
    for (let window = 0; window < 3; window++) deliverWindow(0.8 * RATE, 0.012 * WINDOW);
    expect(state.bwShortterm).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes what was delivered slowly because it was sent slowly, to drain a queue, for what it would have been', () => {
    state.phase = 'drain';
    deliverWindow(RATE, 0);
    state.phase = 'probe-bw-cruise';
    deliverWindow(0.5 * RATE, 0.1 * WINDOW);
    expect(state.bwShortterm).toBeGreaterThanOrEqual(RATE);
    for (let window = 0; window < 4; window++) deliverWindow(0.5 * RATE, 0.1 * WINDOW);
    expect(state.bwShortterm).toBeLessThan(0.8 * RATE);
  });
});
