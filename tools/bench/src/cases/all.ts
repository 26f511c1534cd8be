import { CONTENDERS } from '../contenders/all.ts';
import { API } from './api.ts';
import type { Case, CopyCase } from './case.ts';
import { FLOWS } from './flows.ts';
import { LOCAL_COPIES } from './local-copies.ts';
import { MANY_FILES } from './many-files.ts';
import { RESUME } from './resume.ts';
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
    (name) => !name.startsWith('disk') && name !== 'manifest' && name !== 'jetstream-heap',
  ),
  bounds: [],
};

const TRIAL_AGAIN: CopyCase = {
  kind: 'copy',
  name: 'trial-again',
  title: '40 files of 1 KiB in 4 directories twice over a loopback: do second runs work here?',
  source: { files: 40, fileBytes: 1024, filesPerDirectory: 10 },
  again: true,
  paths: [{ label: 'loopback', path: 'loopback' }],
  contenders: ['jetstream', 'rsync-bbr', 'rsync-ssh', 'tar-ssh'],
  shows: 'files',
  bounds: [],
};

/** In the order in which they are run. */
export const CASES: readonly Case[] = [
  ...WAN_COPIES,
  ...LOCAL_COPIES,
  ...MANY_FILES,
  ...RESUME,
  ...FLOWS,
  ...API,
  ROUGH,
  TRIAL,
  TRIAL_AGAIN,
];
