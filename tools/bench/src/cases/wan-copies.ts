import type { WanPath } from '../figures/wan-path.ts';
import { atLeast, atMost, type Bound, type CopyCase, type CopyResults, type NamedPath } from './case.ts';
import { copiesOf, linkShare, medianOf, timesFaster } from './copy-figures.ts';

const MIB = 2 ** 20;
const COLD = 'jetstream';
const REMEMBERED = 'jetstream-remembered';
const PEERS = ['rsync-bbr', 'rsync-cubic', 'scp', 'udt', 'srt', 'iperf-bbr', 'iperf-cubic'];

const FAST: WanPath = { rateMbitPerSecond: 500, roundTripMs: 100, queueBdp: 1, lossPercent: 0 };
export const NO_LOSS: NamedPath = { label: 'loss 0 %', path: FAST };
const ONE_PERCENT: NamedPath = { label: 'loss 1 %', path: { ...FAST, lossPercent: 1 } };
const FAR: NamedPath = {
  label: 'loss 2 %',
  path: { rateMbitPerSecond: 200, roundTripMs: 200, queueBdp: 1, lossPercent: 2 },
};
const DEEP: NamedPath = { label: 'queue 4 BDP', path: { ...FAST, queueBdp: 4 } };

export const WAN_COPIES: readonly CopyCase[] = [
  {
    kind: 'copy',
    name: 'wan-256m',
    title: '256 MiB over 500 Mbit/s, 100 ms, queue 1 BDP, loss 0 % and 1 %',
    source: { files: 1, fileBytes: 256 * MIB },
    paths: [NO_LOSS, ONE_PERCENT],
    contenders: [COLD, REMEMBERED, ...PEERS],
    bounds: [
      ...[NO_LOSS, ONE_PERCENT].flatMap((path) => [
        share(path, COLD, 0.77, 0.84),
        share(path, REMEMBERED, 0.84, 0.88),
      ]),
      faster(NO_LOSS, COLD, 1.15, 1.3),
      faster(NO_LOSS, REMEMBERED, 1.25),
      faster(ONE_PERCENT, COLD, 1.3, 1.5),
      faster(ONE_PERCENT, REMEMBERED, 1.45),
      ...[NO_LOSS, ONE_PERCENT].map(redundant),
    ],
  },
  {
    kind: 'copy',
    name: 'wan-1g',
    title: '1 GiB over 500 Mbit/s, 100 ms, queue 1 BDP, loss 0 % and 1 %',
    source: { files: 1, fileBytes: 1024 * MIB },
    paths: [NO_LOSS, ONE_PERCENT],
    contenders: [COLD, REMEMBERED, 'rsync-bbr', 'iperf-bbr'],
    bounds: [
      ...[NO_LOSS, ONE_PERCENT].map((path) => share(path, COLD, 0.88, 0.92)),
      ...[NO_LOSS, ONE_PERCENT].map(redundant),
    ],
  },
  {
    kind: 'copy',
    name: 'wan-64m-200ms',
    title: '64 MiB over 200 Mbit/s, 200 ms, queue 1 BDP, loss 2 %',
    source: { files: 1, fileBytes: 64 * MIB },
    paths: [FAR],
    contenders: [COLD, REMEMBERED, ...PEERS],
    bounds: [share(FAR, COLD, 0.58, 0.66), share(FAR, REMEMBERED, 0.7, 0.76), redundant(FAR)],
  },
  {
    kind: 'copy',
    name: 'queue',
    title: 'standing queue: 1 GiB alone on 500 Mbit/s, 100 ms, queue 4 BDP',
    source: { files: 1, fileBytes: 1024 * MIB },
    paths: [DEEP],
    contenders: [COLD, 'rsync-bbr', 'rsync-cubic'],
    bounds: [
      {
        what: 'standing queue after start-up, p95',
        unit: 'BDP',
        bound: atMost(0.5),
        stretch: atMost(0.25),
        of: (results) => medianOf(copiesOf(results, DEEP.label, COLD), ({ wan }) => wan?.standingQueueP95Bdp),
      },
    ],
  },
];

function share(path: NamedPath, contender: string, bound: number, stretch: number): Bound<CopyResults> {
  return {
    what: `${path.label}: ${contender}, share of the link`,
    unit: 'share',
    bound: atLeast(bound),
    stretch: atLeast(stretch),
    of: (results) => linkShare(results, path, contender),
  };
}

function faster(path: NamedPath, contender: string, bound: number, stretch = bound): Bound<CopyResults> {
  return {
    what: `${path.label}: ${contender} against rsync-bbr`,
    unit: 'ratio',
    bound: atLeast(bound),
    stretch: atLeast(stretch),
    of: (results) => timesFaster(results, path.label, contender, 'rsync-bbr'),
  };
}

function redundant(path: NamedPath): Bound<CopyResults> {
  return {
    what: `${path.label}: redundant bytes`,
    unit: 'share',
    bound: atMost(0.01),
    stretch: atMost(0.003),
    of: (results) => medianOf(copiesOf(results, path.label, COLD), ({ wan }) => wan?.redundantShare),
  };
}
