import type { CongestionName } from '@jetstream/transport';
import type { Scenario } from '../scenario.ts';
import { expectedCompletionUs } from './expected-time.ts';
import { MEGABIT, path } from './path.ts';

const RATE = 50 * MEGABIT;
const RTT_MS = 40;
/** When the flow that came last has had time to get its share, and how long shares are then measured. */
const SETTLED_US = 10e6;
const MEASURED_US = 18e6;

interface Contender {
  congestion: CongestionName;
  startUs: number;
}

/** Several flows through one bottleneck, all with more to send than there is time for until the index is taken. */
function contest(name: string, contenders: readonly Contender[], jain: number): Scenario {
  const bytes = Math.floor((RATE * 40) / contenders.length);
  const fromUs = Math.max(...contenders.map(({ startUs }) => startUs)) + SETTLED_US;
  return {
    name,
    about: `${contenders.length} flows share 50 Mbit/s, 40 ms, a queue of two bandwidth-delay products`,
    ...path({ rateBytesPerSecond: RATE, rttMs: RTT_MS, queueBdp: 2 }),
    flows: contenders.map(({ congestion, startUs }) => ({ congestion, transfer: { bytes, startUs } })),
    bounds: {
      completionUs: expectedCompletionUs({
        bytes: bytes * contenders.length,
        rateBytesPerSecond: RATE,
        rttUs: RTT_MS * 1000,
        lossShare: 0,
        steadyShare: 0.8,
      }),
      resentShare: 0.02,
      fairness: { fromUs, untilUs: fromUs + MEASURED_US, jain },
    },
  };
}

const bbr: Contender = { congestion: 'bbr', startUs: 0 };
const cubic: Contender = { congestion: 'cubic', startUs: 0 };

export const FAIRNESS: readonly Scenario[] = [
  contest('two equal flows', [bbr, bbr], 0.95),
  contest('four equal flows', [bbr, bbr, bbr, bbr], 0.92),
  contest('a late-comer', [bbr, { ...bbr, startUs: 5e6 }], 0.95),
  contest('two flows of CUBIC', [cubic, cubic], 0.9),
  // 0.8: neither has less than a quarter.
  contest('BBR against CUBIC', [bbr, cubic], 0.8),
];
