import type { LinkOptions } from '../link-options.ts';
import type { LossModelOptions } from '../loss-models/loss-model.ts';
import { SeededRandom } from '../random.ts';
import type { FlowOptions, Scenario } from '../scenario.ts';
import { expectedCompletionUs } from './expected-time.ts';
import { MEGABIT, MIB } from './path.ts';

/** Smallest path MTU that may ever be: a datagram of 1,200 bytes must pass. */
const LEAST_MTU_BYTES = 1228;
/** What outages, bursts and the search for a lost path may cost, besides slow going; CUBIC crawls through loss. */
const OUTAGES_US = { bbr: 60e6, cubic: 300e6 } as const;

/** A path that does a bit of everything, by the seed, and a small transfer that must get through all the same. */
export function randomMixture(seed: number): Scenario {
  const random = new SeededRandom(seed).derive('mixture');
  const rateBytesPerSecond = 2 ** random.between(1, 9) * MEGABIT;
  const rttMs = 10 ** random.between(0, 2.5);
  const bytes = Math.floor(random.between(1, 4) * MIB);
  const lossShare = random.pick([0, 0, 0.001, 0.01, 0.05]);
  const isSealed = random.chance(0.15);
  const slowest = rateBytesPerSecond / 10;
  const congestion = random.pick(['bbr', 'bbr', 'cubic'] as const);
  return {
    name: `mixture ${seed}`,
    about: `${(rateBytesPerSecond / MEGABIT).toFixed(1)} Mbit/s, ${rttMs.toFixed(1)} ms, ${lossShare * 100} % loss and more`,
    forward: randomLink(random, rateBytesPerSecond, rttMs, lossShare, isSealed),
    backward: randomLink(random, rateBytesPerSecond * random.pick([0.2, 1, 1]), rttMs, lossShare, isSealed),
    flows: [randomFlow(random, bytes, congestion)],
    protection: isSealed ? 'aes-256-gcm' : 'none',
    ...(isSealed && { keyUpdatePackets: random.pick([50, 500, 5000]) }),
    timerLatenessUs: random.pick([0, 0, 100, 5000]),
    bounds: {
      completionUs:
        OUTAGES_US[congestion] +
        4 * expectedCompletionUs({ bytes, rateBytesPerSecond: slowest, rttUs: rttMs * 1000, lossShare: 0.2 }),
    },
  };
}

function randomFlow(random: SeededRandom, bytes: number, congestion: 'bbr' | 'cubic'): FlowOptions {
  return {
    congestion,
    direction: random.pick(['upload', 'download']),
    transfer: {
      bytes,
      partialBlocks: random.chance(0.3),
      messageBytes: random.pick([64, 64, 1000, 5000]),
      maxReceiveBlocks: random.pick([2, 4, 64]),
      badBlockShare: random.pick([0, 0, 0.3]),
      ...(random.chance(0.1) && { consumeBytesPerSecond: random.between(1, 20) * MEGABIT }),
    },
    ...(random.chance(0.3) && {
      clientRebindings: [
        {
          afterUs: random.between(0, 2e6),
          address: { address: '192.0.2.77', port: 1 + random.below(65_535) },
        },
      ],
    }),
  };
}

function randomLink(
  random: SeededRandom,
  rateBytesPerSecond: number,
  rttMs: number,
  lossShare: number,
  mayCorrupt: boolean,
): Omit<LinkOptions, 'name'> {
  const loss: LossModelOptions[] = [{ kind: 'bernoulli', share: lossShare }];
  if (random.chance(0.2)) {
    loss.push({
      kind: 'gilbert-elliott',
      goodPackets: random.between(500, 5000),
      badPackets: random.between(2, 50),
    });
  }
  if (random.chance(0.15)) {
    const fromUs = random.between(0, 3e6);
    loss.push({ kind: 'black-hole', intervals: [{ fromUs, untilUs: fromUs + random.between(1e5, 4e6) }] });
  }
  const rateSteps = [{ atUs: 0, value: rateBytesPerSecond }];
  if (random.chance(0.2)) {
    rateSteps.push({ atUs: random.between(1e5, 3e6), value: rateBytesPerSecond * random.between(0.1, 2) });
  }
  const mtuSteps = [{ atUs: 0, value: random.pick([LEAST_MTU_BYTES, 1280, 1400, 1500, 1500]) }];
  if (random.chance(0.1)) mtuSteps.push({ atUs: random.between(1e5, 2e6), value: LEAST_MTU_BYTES });
  const delaySteps = [{ atUs: 0, value: rttMs * 500 }];
  if (random.chance(0.1))
    delaySteps.push({ atUs: random.between(1e5, 2e6), value: random.between(100, 200_000) });
  return {
    rateBytesPerSecond: rateSteps,
    queueBytes: Math.max(20_000, ((rateBytesPerSecond * rttMs) / 1000) * 2 ** random.between(-3, 3)),
    delayUs: delaySteps,
    mtuBytes: mtuSteps,
    loss,
    corruptedShare: mayCorrupt ? random.pick([0, 0.001, 0.02]) : 0,
    jitterUs: random.pick([0, 0, 1000, 20_000]),
    jitterReorders: random.chance(0.3),
    ...(random.chance(0.2) && {
      reordering: { share: random.between(0.001, 0.1), upToUs: random.between(1000, 50_000) },
    }),
    duplicatedShare: random.pick([0, 0, 0.01, 0.1]),
    duplicateWithinUs: random.between(100, 50_000),
  };
}
