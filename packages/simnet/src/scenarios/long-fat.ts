import type { RememberedPath } from '@jetstream/transport';
import type { Scenario } from '../scenario.ts';
import { PAYLOAD_SHARE, startupUs } from './expected-time.ts';
import { MEGABIT, MIB, path } from './path.ts';

/** Content that must pass in the time that the link needs for it, divided by a share of the link. */
function budget(
  name: string,
  rateMbit: number,
  rttMs: number,
  lossShare: number,
  mebibytes: number,
  linkShare: number,
): Scenario {
  const rateBytesPerSecond = rateMbit * MEGABIT;
  const bytes = mebibytes * MIB;
  return {
    name,
    about: `${mebibytes} MiB at no less than ${linkShare * 100} % of ${rateMbit} Mbit/s from first packet to last`,
    ...path({ rateBytesPerSecond, rttMs, lossShare }),
    flows: [{ transfer: { bytes } }],
    bounds: {
      completionUs: (bytes / (rateBytesPerSecond * linkShare)) * 1e6,
      resentShare: lossShare / (1 - lossShare) + 0.003,
      redundantShare: 0.003,
      queueTimeMaxUs: rttMs * 500,
    },
  };
}

/** The budgets of the design, and what holds of them in simulation: what a real copy costs besides is not in here. */
export const COLD_BUDGETS: readonly Scenario[] = [
  budget('budget 256 MiB', 500, 100, 0, 256, 0.89),
  budget('budget 256 MiB 1 % loss', 500, 100, 0.01, 256, 0.86),
  budget('budget 64 MiB 2 % loss', 200, 200, 0.02, 64, 0.74),
];

/** The same, with the path remembered as the cold transfer left it. */
export function remembered(cold: Scenario, rememberedPath: RememberedPath): Scenario {
  const [flow] = cold.flows;
  const linkShare = cold.name.includes('64 MiB') ? 0.79 : 0.88;
  const { rateBytesPerSecond } = cold.forward;
  const completionUs = (flow!.transfer.bytes / ((rateBytesPerSecond as number) * linkShare)) * 1e6;
  return {
    ...cold,
    name: `${cold.name}, remembered`,
    flows: [{ ...flow!, rememberedPath }],
    bounds: { ...cold.bounds, completionUs },
  };
}

export const LONG_COLD_BUDGETS: readonly Scenario[] = [
  budget('budget 1 GiB', 500, 100, 0, 1024, 0.92),
  budget('budget 1 GiB 1 % loss', 500, 100, 0.01, 1024, 0.9),
];

const tenGigabit = {
  bytes: 12 * 1024 * MIB,
  rateBytesPerSecond: 10_000 * MEGABIT,
  rttUs: 300_000,
  lossShare: 0.001,
};

/** Too long for a test: `npm run scenario -- long-fat`. */
export const LONG_FAT: Scenario = {
  name: 'long-fat',
  about: '12 GiB over 10 Gbit/s, 300 ms, 0.1 % loss: at least 90 % of the link after start-up',
  ...path({ ...tenGigabit, rttMs: 300 }),
  flows: [{ transfer: { bytes: tenGigabit.bytes } }],
  bounds: {
    completionUs: 60e6,
    steadyFromUs: startupUs({ ...tenGigabit, slackRounds: 3 }),
    steadyBytesPerSecond: 0.9 * PAYLOAD_SHARE * (1 - 0.001) * tenGigabit.rateBytesPerSecond,
  },
};
