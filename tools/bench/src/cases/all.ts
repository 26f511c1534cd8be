import { CONTENDERS } from '../contenders/all.ts';
import type { Case, CopyCase } from './case.ts';
import { FLOWS } from './flows.ts';
import { LOCAL_COPIES } from './local-copies.ts';
import { MANY_FILES } from './many-files.ts';
import { ROUGH } from './rough.ts';
import { WAN_COPIES } from './wan-copies.ts';

/** Whether the bench works here. */
const TRIAL: CopyCase = {
  kind: 'copy',
  name: 'trial',
  title: '4 MiB over 100 Mbit/s, 10 ms: does the bench work here?',
  source: { files: 1, fileBytes: 4 * 2 ** 20 },
  paths: [
    {
      label: '100 Mbit/s',
      path: { rateMbitPerSecond: 100, roundTripMs: 10, queueBdp: 1, lossPercent: 0 },
    },
  ],
  contenders: CONTENDERS.map(({ name }) => name).filter(
    (name) => !name.startsWith('disk') && name !== 'jetstream-heap',
  ),
  bounds: [],
};

/** In the order in which they are run. */
export const CASES: readonly Case[] = [...WAN_COPIES, ...LOCAL_COPIES, ...MANY_FILES, ...FLOWS, ROUGH, TRIAL];
