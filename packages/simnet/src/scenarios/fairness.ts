import type { CongestionName } from '@jetstream/transport';
import type { Scenario } from '../scenario.ts';
import { expectedCompletionUs } from './expected-time.ts';
import { MEGABIT, path } from './path.ts';

const RATE = 50 * MEGABIT;
const RTT_MS = 40;

/** Several flows through one bottleneck, all with more to send than there is time for until the index is taken. */
function duel(name: string, congestion: CongestionName, startsUs: readonly number[], jain: number): Scenario {
  const bytes = Math.floor((RATE * 40) / startsUs.length);
  const lastStartUs = Math.max(...startsUs);
  return {
    name,
    about: `${startsUs.length} flows of ${congestion} share 50 Mbit/s, 40 ms, a queue of two bandwidth-delay products`,
    ...path({ rateBytesPerSecond: RATE, rttMs: RTT_MS, queueBdp: 2 }),
    flows: startsUs.map((startUs) => ({ congestion, transfer: { bytes, startUs } })),
    bounds: {
      completionUs: expectedCompletionUs({
        bytes: bytes * startsUs.length,
        rateBytesPerSecond: RATE,
        rttUs: RTT_MS * 1000,
        lossShare: 0,
        steadyShare: 0.75,
      }),
      resentShare: 0.1,
      fairness: { fromUs: lastStartUs + 10e6, untilUs: lastStartUs + 28e6, jain },
    },
  };
}

export const FAIRNESS: readonly Scenario[] = [
  duel('two equal flows', 'bbr', [0, 0], 0.9),
  duel('four equal flows', 'bbr', [0, 0, 0, 0], 0.9),
  duel('a late-comer', 'bbr', [0, 5e6], 0.9),
];
