import { describe, expect, it } from 'vitest';
import { newAckSample } from '../samples.ts';
import { seededRandom } from '../testing/random.ts';
import { JitterEstimator } from './jitter-estimator.ts';
import { BbrState } from './state.ts';

const RTT_US = 10_000;

/** An ACK each millisecond for so long. @param timesUs RTT sample and mean time to the ACK, of each */
function learn(
  ms: number,
  timesUs: (ms: number) => { rttUs: number; meanAckUs: number },
  state = freshState(),
) {
  const jitter = new JitterEstimator();
  const sample = newAckSample();
  for (let now = 1; now <= ms; now++) {
    sample.nowUs = now * 1_000;
    state.nowUs = sample.nowUs;
    sample.ackedBytes = 3_000;
    Object.assign(sample, timesUs(now));
    jitter.onAck(state, sample);
  }
  return state.jitterUs;
}

function freshState(): BbrState {
  const state = new BbrState({ datagramBytes: 1_200, initialWindowBytes: 38_400, random: () => 0 }, 0, 0);
  state.minRttUs = RTT_US;
  return state;
}

describe('JitterEstimator', () => {
  it('finds none on a steady path, be its ACKs delayed by an eighth of the round trip', () => {
    const random = seededRandom(1);
    const jitter = learn(2_000, () => ({
      rttUs: RTT_US + random() * 500,
      meanAckUs: RTT_US + random() * (RTT_US / 8),
    }));
    expect(jitter).toBe(0);
  });

  it('finds by how much the mean is above the least, less what is usual', () => {
    const random = seededRandom(2);
    const jitter = learn(4_000, () => ({ rttUs: RTT_US + random() * 60_000, meanAckUs: RTT_US + 30_000 }));
    expect(jitter).toBeGreaterThan(22_000);
    expect(jitter).toBeLessThan(30_000);
  });

  it('takes no queue for jitter, which raises the least as well', () => {
    expect(learn(2_000, (ms) => ({ rttUs: RTT_US + 20 * ms, meanAckUs: RTT_US + 20 * ms + 1_000 }))).toBe(0);
  });

  it('believes no single window, as one outage makes', () => {
    const late = (ms: number) => (ms >= 500 && ms < 520 ? 400_000 : 0);
    expect(learn(520, (ms) => ({ rttUs: RTT_US, meanAckUs: RTT_US + late(ms) }))).toBe(0);
  });

  it('forgets jitter that is over', () => {
    const state = freshState();
    learn(2_000, () => ({ rttUs: RTT_US, meanAckUs: RTT_US + 30_000 }), state);
    expect(state.jitterUs).toBeGreaterThan(20_000);
    learn(2_000, () => ({ rttUs: RTT_US, meanAckUs: RTT_US }), state);
    expect(state.jitterUs).toBeLessThan(100);
  });
});
