import { median } from '../figures/statistics.ts';
import type { WanPath } from '../figures/wan-path.ts';
import { atMost, type Interruption, type ResumeCase, type ResumeResults } from './case.ts';

const PATH: WanPath = { rateMbitPerSecond: 200, roundTripMs: 50, queueBdp: 1, lossPercent: 0 };

const INTERRUPTIONS: readonly Interruption[] = [
  { label: 'jscp killed, upload', way: 'up', killed: ['client'] },
  { label: 'both killed, upload', way: 'up', killed: ['client', 'server'] },
  { label: 'jscp killed, download', way: 'down', killed: ['client'] },
];

export const RESUME: readonly ResumeCase[] = [
  {
    kind: 'resume',
    name: 'resume',
    title: '512 MiB over 200 Mbit/s, 50 ms, SIGKILL at half, and the same command again',
    path: PATH,
    mebibytes: 512,
    checkpointSeconds: 5,
    interruptions: INTERRUPTIONS,
    bounds: INTERRUPTIONS.map((interruption) => ({
      what: `${interruption.label}: sent twice, of what one interval between checkpoints and 1 % of the file are`,
      unit: 'share',
      bound: atMost(1),
      stretch: atMost(0.5),
      of: (results) => sentTwiceShare(results, interruption),
    })),
  },
  {
    kind: 'resume',
    name: 'trial-resume',
    title: '16 MiB over 50 Mbit/s, 10 ms, killed at half: does that measurement work here?',
    path: { rateMbitPerSecond: 50, roundTripMs: 10, queueBdp: 1, lossPercent: 0 },
    mebibytes: 16,
    checkpointSeconds: 0.1,
    interruptions: INTERRUPTIONS.slice(0, 1),
    bounds: [],
  },
];

function sentTwiceShare({ runs }: ResumeResults, { label }: Interruption): number | undefined {
  const shares = runs
    .filter(({ interruption, result }) => interruption.label === label && result.outcome === 'copied')
    .map(
      ({ result: { sentTwiceBytes, intervalBytes, bytes } }) =>
        sentTwiceBytes! / (intervalBytes! + bytes / 100),
    );
  return shares.length === 0 ? undefined : median(shares);
}
