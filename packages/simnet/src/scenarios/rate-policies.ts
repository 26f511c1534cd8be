import type { RatePolicy } from '@jetstream/congestion';
import type { FlowOptions, FlowShare, Scenario, ScenarioBounds } from '../scenario.ts';
import { MEGABIT, MIB, path } from './path.ts';

const RATE = 20 * MEGABIT;
const RTT_MS = 40;
const SECOND = 1e6;

const fixed = (rate: number): RatePolicy => ({ policy: 'fixed', targetBytesPerSecond: rate });

/** Flows over 20 Mbit/s, 40 ms, a queue of two bandwidth-delay products. */
function scenario(
  name: string,
  about: string,
  flows: readonly FlowOptions[],
  bounds: ScenarioBounds,
  queueBdp = 2,
): Scenario {
  return { name, about, ...path({ rateBytesPerSecond: RATE, rttMs: RTT_MS, queueBdp }), flows, bounds };
}

/** Two flows of equal length, of which the first has another policy than the other; both are at it until the shares are taken. */
function duel(
  name: string,
  about: string,
  policy: RatePolicy,
  rival: Partial<FlowOptions>,
  share: FlowShare,
) {
  const bytes = 40 * MIB;
  const flows: FlowOptions[] = [
    { transfer: { bytes, ratePolicy: policy } },
    { ...rival, transfer: { bytes, startUs: 2 * SECOND } },
  ];
  return scenario(name, about, flows, {
    completionUs: ((2 * bytes) / (0.75 * RATE)) * SECOND,
    resentShare: 0.05,
    shares: { fromUs: 5 * SECOND, untilUs: 17 * SECOND, ofFlows: [share] },
  });
}

const low: RatePolicy = { policy: 'low' };

const LATER: readonly RatePolicy[] = [
  { policy: 'fair' },
  fixed(RATE / 2),
  { policy: 'high' },
  low,
  fixed(2 * RATE),
  { policy: 'fair', minimumBytesPerSecond: RATE / 2 },
];

export const RATE_POLICIES: readonly Scenario[] = [
  duel('low beside BBR', 'takes what is left, then all', low, {}, { flow: 0, least: 0, most: 0.15 }),
  duel(
    'low beside CUBIC',
    'takes what is left, then all',
    low,
    { congestion: 'cubic' },
    { flow: 0, least: 0, most: 0.15 },
  ),
  duel(
    'high beside fair',
    'takes more than its share',
    { policy: 'high' },
    {},
    { flow: 0, least: 0.52, most: 0.8 },
  ),
  scenario(
    'low alone',
    'fills the link with a queue of a quarter of the round trip',
    [{ transfer: { bytes: 64 * MIB, ratePolicy: low } }],
    {
      completionUs: ((64 * MIB) / (0.75 * RATE)) * SECOND,
      resentShare: 0.01,
      steadyFromUs: 4 * SECOND,
      steadyBytesPerSecond: 0.8 * RATE,
      queueTimeP95Us: 14_000,
    },
  ),
  scenario(
    'low and late',
    'three flows of low that begin one after the other share',
    [0, 4, 8].map((startS) => ({ transfer: { bytes: 24 * MIB, startUs: startS * SECOND, ratePolicy: low } })),
    {
      completionUs: ((72 * MIB) / (0.75 * RATE)) * SECOND,
      resentShare: 0.02,
      fairness: { fromUs: 14 * SECOND, untilUs: 22 * SECOND, jain: 0.9 },
    },
  ),
  scenario(
    'a fixed rate that is four times too high',
    'the circuit breaker halves it until most arrives',
    [{ transfer: { bytes: 16 * MIB, ratePolicy: fixed(4 * RATE) } }],
    { completionUs: ((16 * MIB) / (0.7 * RATE)) * SECOND, resentShare: 0.7 },
  ),
  scenario(
    'a fixed rate of a download',
    'is that of the server, whatever is lost',
    [{ direction: 'download', transfer: { bytes: 8 * MIB, ratePolicy: fixed(RATE / 2) } }],
    { completionUs: ((8 * MIB) / (0.45 * RATE)) * SECOND, resentShare: 0.01 },
  ),
  scenario(
    'another policy every two seconds',
    'from one to the next without a stop',
    [
      {
        transfer: {
          bytes: 24 * MIB,
          ratePolicy: low,
          ratePolicySteps: LATER.map((policy, index) => ({ afterUs: 2 * (index + 1) * SECOND, policy })),
        },
      },
    ],
    { completionUs: ((24 * MIB) / (0.65 * RATE)) * SECOND, resentShare: 0.2 },
  ),
];
