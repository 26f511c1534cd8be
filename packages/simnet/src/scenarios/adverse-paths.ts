import type { FlowOptions, Scenario } from '../scenario.ts';
import { expectedCompletionUs, PAYLOAD_SHARE } from './expected-time.ts';
import { MEGABIT, MIB, type PathOptions, path } from './path.ts';

const PATH: PathOptions = { rateBytesPerSecond: 100 * MEGABIT, rttMs: 50 };
const BYTES = 24 * MIB;
const SECOND = 1e6;

interface Adversity {
  name: string;
  about: string;
  path?: Partial<PathOptions>;
  bytes?: number;
  flow?: Partial<Omit<FlowOptions, 'transfer'>>;
  transfer?: Partial<FlowOptions['transfer']>;
  timerLatenessUs?: number;
  /** Mean loss, for the time expected. */
  lossShare?: number;
  steadyShare?: number;
  /** What the adversity may cost beyond the time expected for the undisturbed path. Default 0. */
  extraUs?: number;
  resentShare?: number;
  redundantShare?: number;
}

function scenario(adversity: Adversity): Scenario {
  const pathOptions = { ...PATH, ...adversity.path };
  const bytes = adversity.bytes ?? BYTES;
  const {
    lossShare = 0,
    extraUs = 0,
    steadyShare = 0.85,
    resentShare,
    redundantShare,
    timerLatenessUs,
  } = adversity;
  return {
    name: adversity.name,
    about: adversity.about,
    ...path(pathOptions),
    flows: [{ ...adversity.flow, transfer: { bytes, ...adversity.transfer } }],
    ...(timerLatenessUs !== undefined && { timerLatenessUs }),
    bounds: {
      completionUs:
        extraUs +
        expectedCompletionUs({
          bytes,
          rateBytesPerSecond: pathOptions.rateBytesPerSecond,
          rttUs: pathOptions.rttMs * 1000,
          lossShare,
          steadyShare,
        }),
      resentShare: resentShare ?? lossShare / (1 - lossShare) + 0.03,
      redundantShare: redundantShare ?? 0.02,
    },
  };
}

const reordering = (share: number, packets: number): Scenario =>
  scenario({
    name: `reordering of ${share * 100} %`,
    about: `${share * 100} % of packets come up to ${packets} packets late`,
    path: {
      forward: { reordering: { share, upToUs: ((packets * 1500) / PATH.rateBytesPerSecond) * SECOND } },
    },
    steadyShare: 0.8,
    resentShare: 0.05,
    redundantShare: 0.05,
  });

const blackHole = (fromUs: number, untilUs: number): Partial<PathOptions> => {
  const loss = [{ kind: 'black-hole', intervals: [{ fromUs, untilUs }] } as const];
  return { forward: { loss }, backward: { loss } };
};

const rateStep = (atUs: number, from: number, to: number): NonNullable<PathOptions['forward']> => ({
  rateBytesPerSecond: [
    { atUs: 0, value: from },
    { atUs, value: to },
  ],
});

const slowRate = 10 * MEGABIT;
const fastRate = 100 * MEGABIT;
const contentRate = (rate: number): number => PAYLOAD_SHARE * rate;

/** One disturbance each, with what it may cost. */
/** Ends whose threads sleep: everything comes in clumps, and no rate must be read out of one. */
const sleepyEnds = (rttMs: number): Scenario => {
  const rateBytesPerSecond = 100 * MEGABIT;
  return {
    name: `sleepy ends, ${rttMs} ms`,
    about:
      'ends that notice arrivals 0.1 to 3 ms late and timers 1.5 ms late keep no queue standing before 4 BDP of buffer',
    ...path({ rateBytesPerSecond, rttMs, queueBdp: 4 }),
    flows: [{ transfer: { bytes: 96 * MIB } }],
    timerLatenessUs: 1_500,
    receiveLatenessUs: { least: 100, most: 3_000 },
    bounds: {
      completionUs: ((96 * MIB) / (0.85 * rateBytesPerSecond)) * SECOND,
      resentShare: 0.01,
      steadyFromUs: 2 * SECOND,
      queueTimeP95Us: 0.35 * rttMs * 1_000,
    },
  };
};

export const ADVERSE_PATHS: readonly Scenario[] = [
  scenario({
    name: 'bursts of loss',
    about: 'Gilbert–Elliott: 2 % mean loss in bursts of 20 packets',
    path: { forward: { loss: [{ kind: 'gilbert-elliott', goodPackets: 980, badPackets: 20 }] } },
    lossShare: 0.02,
  }),
  scenario({
    name: 'long bursts of loss',
    about: 'Gilbert–Elliott: 1 % mean loss in bursts of 100 packets',
    path: { forward: { loss: [{ kind: 'gilbert-elliott', goodPackets: 9900, badPackets: 100 }] } },
    lossShare: 0.01,
    steadyShare: 0.75,
  }),
  reordering(0.01, 100),
  reordering(0.1, 100),
  scenario({
    name: 'duplication',
    about: '10 % of packets come twice, in both directions',
    path: {
      forward: { duplicatedShare: 0.1, duplicateWithinUs: 5000 },
      backward: { duplicatedShare: 0.1, duplicateWithinUs: 5000 },
    },
    redundantShare: 0.01,
  }),
  scenario({
    name: 'bad wifi',
    about: 'up to 12.5 ms of jitter that reorders, each way, on a round trip of 1 ms, and 1 % loss',
    path: {
      rttMs: 1,
      queueBdp: 50,
      forward: { jitterUs: 12_500, jitterReorders: true, loss: [{ kind: 'bernoulli', share: 0.01 }] },
      backward: { jitterUs: 12_500, jitterReorders: true },
    },
    lossShare: 0.01,
    steadyShare: 0.75,
    resentShare: 0.04,
  }),
  scenario({
    name: 'jitter as long as the round trip',
    about: 'up to 10 ms that reorders, each way, on a round trip of 20 ms, and 1 % loss',
    path: {
      rttMs: 20,
      queueBdp: 2,
      forward: { jitterUs: 10_000, jitterReorders: true, loss: [{ kind: 'bernoulli', share: 0.01 }] },
      backward: { jitterUs: 10_000, jitterReorders: true },
    },
    lossShare: 0.01,
    steadyShare: 0.55,
    resentShare: 0.04,
  }),
  scenario({
    name: 'jitter in order',
    about: 'up to 20 ms of jitter that keeps the order, both ways',
    path: { forward: { jitterUs: 20_000 }, backward: { jitterUs: 20_000 } },
    steadyShare: 0.75,
    resentShare: 0.05,
  }),
  scenario({
    name: 'black hole of 5 s',
    about: 'nothing passes either way from 1 s to 6 s',
    path: blackHole(SECOND, 6 * SECOND),
    extraUs: 5 * SECOND + 4 * SECOND,
    resentShare: 0.2,
  }),
  scenario({
    name: 'black hole of 1 s',
    about: 'nothing passes either way from 1 s to 2 s',
    path: blackHole(SECOND, 2 * SECOND),
    extraUs: SECOND + SECOND,
    resentShare: 0.1,
  }),
  scenario({
    name: 'rate falls to a tenth',
    about: '100 Mbit/s for a second, then 10',
    path: { forward: rateStep(SECOND, fastRate, slowRate) },
    bytes: 16 * MIB,
    extraUs: ((10 * MIB) / (0.85 * contentRate(slowRate))) * SECOND,
    resentShare: 0.1,
  }),
  scenario({
    name: 'rate grows tenfold',
    about: '10 Mbit/s for 3 s, then 100',
    path: { forward: { ...rateStep(3 * SECOND, slowRate, fastRate), queueBytes: (fastRate * 50) / 1000 } },
    bytes: 32 * MIB,
    extraUs: 3 * SECOND + 3.5 * SECOND,
  }),
  scenario({
    name: 'path MTU of 1,280',
    about: 'larger packets vanish',
    path: { forward: { mtuBytes: 1280 }, backward: { mtuBytes: 1280 } },
  }),
  scenario({
    name: 'path MTU falls to 1,280',
    about: 'after a second, larger packets vanish: a black hole for whoever does not notice',
    path: {
      forward: {
        mtuBytes: [
          { atUs: 0, value: 1500 },
          { atUs: SECOND, value: 1280 },
        ],
      },
    },
    extraUs: SECOND,
    resentShare: 0.1,
  }),
  scenario({
    name: 'client gets a new port',
    about: 'a NAT forgets its binding in the midst of an upload',
    flow: { clientRebindings: [{ afterUs: SECOND, address: { address: '198.51.100.1', port: 50_000 } }] },
    extraUs: 0.5 * SECOND,
  }),
  scenario({
    name: 'client gets a new address',
    about: 'the client moves to another network in the midst of an upload',
    flow: { clientRebindings: [{ afterUs: SECOND, address: { address: '192.0.2.77', port: 50_000 } }] },
    extraUs: SECOND,
  }),
  scenario({
    name: 'client that downloads gets a new address',
    about: 'the server must find the client again, by the ACKs of the client alone',
    flow: {
      direction: 'download',
      clientRebindings: [{ afterUs: SECOND, address: { address: '192.0.2.77', port: 50_000 } }],
    },
    extraUs: 1.5 * SECOND,
    resentShare: 0.1,
  }),
  scenario({
    name: 'client moves during an outage',
    about: 'nothing gets to the server from 0.6 s to 2.9 s, and from 1.5 s on the client has another address',
    path: {
      forward: {
        loss: [{ kind: 'black-hole', intervals: [{ fromUs: 0.6 * SECOND, untilUs: 2.9 * SECOND }] }],
      },
    },
    flow: { clientRebindings: [{ afterUs: 1.5 * SECOND, address: { address: '192.0.2.77', port: 50_000 } }] },
    extraUs: 2.3 * SECOND + 5 * SECOND,
    resentShare: 0.15,
  }),
  scenario({
    name: 'slow way back',
    about: 'ACKs go through 1 Mbit/s with a short queue, a hundredth of the way of the data',
    path: { backward: { rateBytesPerSecond: MEGABIT, queueBytes: 10_000 } },
    steadyShare: 0.75,
  }),
  scenario({
    name: 'lossy way back',
    about: '20 % of ACKs are lost',
    path: { backward: { loss: [{ kind: 'bernoulli', share: 0.2 }] } },
    redundantShare: 0.03,
  }),
  scenario({
    name: 'slow disk at the receiver',
    about:
      'the receiver takes 20 Mbit/s and holds 8 blocks at most: its pace is kept, and nothing is sent for naught',
    bytes: 12 * MIB,
    transfer: { consumeBytesPerSecond: 20 * MEGABIT, maxReceiveBlocks: 8 },
    extraUs: ((12 * MIB) / (20 * MEGABIT)) * SECOND,
    redundantShare: 0.01,
  }),
  scenario({
    name: 'blocks that are bad the first time',
    about: 'a fifth of all blocks is asked for once more',
    transfer: { badBlockShare: 0.2 },
    extraUs: SECOND,
    resentShare: 0.5,
    redundantShare: 0.5,
  }),
  scenario({
    name: 'small blocks and much talk',
    about: 'blocks of any length, each with a message of 16 KiB on the stream',
    transfer: { partialBlocks: true, messageBytes: 16 * 1024 },
    steadyShare: 0.8,
  }),
  scenario({
    name: 'pacer capped at 20 Mbit/s',
    about: 'a cap below the rate of the path',
    bytes: 8 * MIB,
    transfer: { ratePolicy: { policy: 'fair', capBytesPerSecond: 20 * MEGABIT } },
    extraUs: ((8 * MIB) / (0.9 * contentRate(20 * MEGABIT))) * SECOND,
    redundantShare: 0.01,
  }),
  sleepyEnds(20),
  sleepyEnds(100),
  scenario({
    name: 'late timers',
    about: 'every timer fires 2 ms late',
    timerLatenessUs: 2000,
    steadyShare: 0.8,
  }),
  scenario({
    name: 'late turns',
    about: 'every timer fires 8 ms late, as in a thread that shares its processor',
    timerLatenessUs: 8000,
    steadyShare: 0.8,
  }),
  scenario({
    name: 'shallow buffer',
    about: 'a queue of a tenth of the bandwidth-delay product',
    path: { queueBdp: 0.1 },
    steadyShare: 0.75,
    resentShare: 0.08,
  }),
  scenario({
    name: 'bloated buffer',
    about: 'a queue of sixteen bandwidth-delay products',
    path: { queueBdp: 16 },
  }),
  scenario({
    name: 'heavy loss',
    about: '10 % random loss, as much as counts as random',
    path: { lossShare: 0.1 },
    lossShare: 0.1,
    steadyShare: 0.7,
  }),
];
