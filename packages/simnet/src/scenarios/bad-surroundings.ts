import type { FlowOptions, Scenario, ScenarioBounds } from '../scenario.ts';
import type { Stepped } from '../step-schedule.ts';
import { MEGABIT, MIB, type PathOptions, path } from './path.ts';

const RATE = 100 * MEGABIT;
const RTT_MS = 50;
const SECOND = 1e6;

function scenario(
  name: string,
  about: string,
  bytes: number,
  pathOptions: Partial<PathOptions>,
  bounds: ScenarioBounds,
  flow: Partial<FlowOptions> = {},
  transfer: Partial<FlowOptions['transfer']> = {},
): Scenario {
  return {
    name,
    about,
    ...path({ rateBytesPerSecond: RATE, rttMs: RTT_MS, ...pathOptions }),
    flows: [{ ...flow, transfer: { bytes, ...transfer } }],
    bounds,
  };
}

const silence = (fromUs: number, untilUs: number): Partial<PathOptions> => {
  const loss = [{ kind: 'black-hole', intervals: [{ fromUs, untilUs }] } as const];
  return { forward: { loss }, backward: { loss } };
};

/** A value that changes at 2 s and changes back. */
const forATime = (usual: number, changed: number, untilUs: number): Stepped => [
  { atUs: 0, value: usual },
  { atUs: 2 * SECOND, value: changed },
  { atUs: untilUs, value: usual },
];

const stopped = (side: 'sender' | 'receiver', forUs: number): Partial<FlowOptions> => ({
  stops: [{ side, afterUs: SECOND, forUs }],
});

const longDelay = { delayUs: forATime(5_000, 300_000, 30 * SECOND) };

/** When the round trip of `LONGER_ROUND_TRIP` has been learned, and when it ends. */
export const LONG_ROUND_TRIP_US = { learned: 17 * SECOND, ends: 30 * SECOND };

export const LONGER_ROUND_TRIP: Scenario = scenario(
  'round trip grows to 600 ms and comes back',
  'from 10 ms, between 2 s and 30 s: the floor of the round trip must be learned anew, both ways',
  256 * MIB,
  { rttMs: 10, queueBdp: 10, forward: longDelay, backward: longDelay },
  { completionUs: 36 * SECOND, resentShare: 0.03, redundantShare: 0.005 },
);

/** What no path should do and some do. Each ends with equal bytes or with a named error, in bounded time and memory. */
export const BAD_SURROUNDINGS: readonly Scenario[] = [
  scenario(
    'loss of 30 %',
    'three packets in ten are lost',
    2 * MIB,
    { lossShare: 0.3 },
    { completionUs: 30 * SECOND, redundantShare: 0.02 },
  ),
  scenario(
    'loss of 50 %',
    'every second packet is lost',
    2 * MIB,
    { lossShare: 0.5 },
    { completionUs: 80 * SECOND, redundantShare: 0.03 },
  ),
  scenario(
    'loss of 50 % both ways',
    'and every second ACK',
    MIB,
    { lossShare: 0.5, backward: { loss: [{ kind: 'bernoulli', share: 0.5 }] } },
    { completionUs: 100 * SECOND, redundantShare: 0.15 },
  ),
  scenario(
    'silence of 20 s',
    'nothing passes either way from 1 s to 21 s',
    48 * MIB,
    silence(SECOND, 21 * SECOND),
    // What is left takes 4 s, and probes go every 5 s.
    { completionUs: 31 * SECOND, resentShare: 0.05, redundantShare: 0.005 },
  ),
  scenario('silence for good', 'nothing passes either way from 1 s on', 48 * MIB, silence(SECOND, 1e12), {
    completionUs: 32 * SECOND,
    mayEndBy: ['connection-lost'],
  }),
  scenario(
    'rate falls to a hundredth and comes back',
    '1 Mbit/s between 2 s and 17 s, 100 before and after',
    64 * MIB,
    { forward: { rateBytesPerSecond: forATime(RATE, RATE / 100, 17 * SECOND) } },
    { completionUs: 26 * SECOND, resentShare: 0.03, redundantShare: 0.005 },
  ),
  LONGER_ROUND_TRIP,
  scenario(
    'disk of the receiver stalls',
    'it takes next to nothing between 2 s and 12 s, and the window closes',
    64 * MIB,
    {},
    // The rate is there again when the disk is.
    { completionUs: 16 * SECOND, limiter: 'peer-storage', redundantShare: 0.005 },
    {},
    { consumeBytesPerSecond: forATime(8 * RATE, 1_000, 12 * SECOND), maxReceiveBlocks: 8 },
  ),
  scenario(
    'receiver stopped for 20 s',
    'less than the idle timeout',
    32 * MIB,
    {},
    { completionUs: 29 * SECOND, resentShare: 0.06 },
    stopped('receiver', 20 * SECOND),
  ),
  scenario(
    'receiver stopped for 60 s',
    'longer than the idle timeout: both sides say so, each when it is awake',
    32 * MIB,
    {},
    { completionUs: 92 * SECOND, mayEndBy: ['connection-lost'] },
    stopped('receiver', 60 * SECOND),
  ),
  scenario(
    'sender stopped for 60 s',
    'longer than the idle timeout',
    32 * MIB,
    {},
    { completionUs: 92 * SECOND, mayEndBy: ['connection-lost'] },
    stopped('sender', 60 * SECOND),
  ),
];
