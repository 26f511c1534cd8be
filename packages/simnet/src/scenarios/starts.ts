import type { FlowOptions, Scenario } from '../scenario.ts';
import { PAYLOAD_SHARE } from './expected-time.ts';
import { MEGABIT, MIB, type PathOptions, path } from './path.ts';

interface Start {
  name: string;
  about: string;
  rateMbit: number;
  rttMs: number;
  mebibytes: number;
  /** Round trips that the start, and the end, may cost beyond the time that the link needs for the content. */
  roundTrips: number;
  path?: Partial<PathOptions>;
  flow?: Partial<Omit<FlowOptions, 'transfer'>>;
  /** What the link may be used of after the start. Default 0.97. */
  steadyShare?: number;
  /** Longest queue, in bandwidth-delay products. Default 0.5. */
  queueBdp?: number;
  /** What is sent again of what was not lost. Default 0.003. */
  redundantShare?: number;
  receiveLatenessUs?: Scenario['receiveLatenessUs'];
}

function start(options: Start): Scenario {
  const { name, about, rateMbit, rttMs, mebibytes, roundTrips, steadyShare = 0.97, queueBdp = 0.5 } = options;
  const pathOptions: PathOptions = { rateBytesPerSecond: rateMbit * MEGABIT, rttMs, ...options.path };
  const goodput = PAYLOAD_SHARE * (1 - (pathOptions.lossShare ?? 0)) * pathOptions.rateBytesPerSecond;
  const bytes = mebibytes * MIB;
  return {
    name,
    about,
    ...path(pathOptions),
    flows: [{ ...options.flow, transfer: { bytes } }],
    ...(options.receiveLatenessUs !== undefined && { receiveLatenessUs: options.receiveLatenessUs }),
    bounds: {
      completionUs: roundTrips * rttMs * 1000 + (bytes / (goodput * steadyShare)) * 1e6,
      queueTimeMaxUs: queueBdp * rttMs * 1000,
      redundantShare: options.redundantShare ?? 0.003,
    },
  };
}

const FAST = { rateMbit: 500, rttMs: 100, mebibytes: 64 };

/** Short transfers, in which the start is what counts. Doubling from 32 packets would need 8 round trips on the first of them. */
export const STARTS: readonly Scenario[] = [
  start({ ...FAST, name: 'start', about: 'a cold start finds the rate in three round trips', roundTrips: 3 }),
  start({
    ...FAST,
    name: 'start of a download',
    about: 'likewise, though the server has no RTT of the handshake',
    flow: { direction: 'download' },
    roundTrips: 3,
  }),
  start({
    ...FAST,
    name: 'start between sleepy hosts',
    about: 'arrivals are noticed 30 to 120 µs late, and together',
    receiveLatenessUs: { least: 30, most: 120 },
    roundTrips: 3,
  }),
  start({
    ...FAST,
    name: 'start between busy hosts',
    about:
      'arrivals are noticed up to 3 ms late: short trains show nothing, and doubling goes on until a long one does',
    receiveLatenessUs: { least: 100, most: 3000 },
    roundTrips: 8.5,
    queueBdp: 1,
  }),
  start({
    ...FAST,
    name: 'start with 5 % loss',
    about: 'random loss neither hides the rate nor makes the jump retreat',
    path: { lossShare: 0.05 },
    roundTrips: 5,
    redundantShare: 0.005,
  }),
  start({
    ...FAST,
    name: 'start into a short queue',
    about: 'a queue of a tenth of a BDP has room for the trains',
    path: { queueBdp: 0.1 },
    roundTrips: 3,
  }),
  start({
    ...FAST,
    name: 'start with jitter',
    about: 'up to 5 ms of jitter each way: trains of under a millisecond tell nonsense, and are not believed',
    path: { forward: { jitterUs: 5000 }, backward: { jitterUs: 5000 } },
    roundTrips: 8,
    queueBdp: 1,
  }),
  start({
    name: 'start through a policer',
    about: 'a burst passes at 1 Gbit/s, then 50 Mbit/s: the jump is lost, and given up at once',
    rateMbit: 50,
    rttMs: 50,
    mebibytes: 8,
    path: {
      forward: {
        rateBytesPerSecond: 1000 * MEGABIT,
        policer: { rateBytesPerSecond: 50 * MEGABIT, burstBytes: 60_000 },
      },
    },
    steadyShare: 0.85,
    roundTrips: 8,
  }),
  start({
    name: 'start on a long thin path',
    about: '10 Mbit/s and 600 ms',
    rateMbit: 10,
    rttMs: 600,
    mebibytes: 4,
    roundTrips: 3,
  }),
  start({
    name: 'start on a short path',
    about: '100 Mbit/s and 5 ms: the first window is half of what the path holds',
    rateMbit: 100,
    rttMs: 5,
    mebibytes: 8,
    roundTrips: 10,
    queueBdp: 1,
  }),
  start({
    name: 'start on a fat path',
    about: '2.5 Gbit/s and 100 ms',
    rateMbit: 2500,
    rttMs: 100,
    mebibytes: 128,
    roundTrips: 5,
  }),
  start({
    ...FAST,
    name: 'start on a path that has become slower',
    about: 'ten times the rate is remembered: half of that is five times too much, for one round trip',
    rateMbit: 50,
    mebibytes: 16,
    flow: { rememberedPath: { minRttUs: 100_000, rateBytesPerSecond: 500 * MEGABIT } },
    roundTrips: 5,
    queueBdp: 1,
  }),
];
