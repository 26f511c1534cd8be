import { CONTENT_SENT_BYTES } from '../contenders/jetstream.ts';
import type { CopyResult } from '../runs/copy-once.ts';
import { atLeast, atMost, type Bound, type CopyCase, type CopyResults, type NamedPath } from './case.ts';
import { copiesOf, medianOf, medianSeconds, memory, timesFaster } from './copy-figures.ts';
import { LOOPBACK } from './local-copies.ts';
import { NO_LOSS } from './wan-copies.ts';

const MIB = 2 ** 20;
const OWN = 'jetstream';
const OVER_SSH = ['rsync-ssh', 'tar-ssh'];
const DISKS = ['disk-each', 'disk-together'];
const HUNDRED_THOUSAND = { files: 100_000, fileBytes: 1024, filesPerDirectory: 1_000 };
const PATIENCE_SECONDS = 900;

/** Files that are many, or there already, or empty for the most part. */
export const MANY_FILES: readonly CopyCase[] = [
  {
    kind: 'copy',
    name: 'small-files',
    title: '10,000 files of 1 KiB over 500 Mbit/s, 100 ms, queue 1 BDP, loss 0 %',
    source: { files: 10_000, fileBytes: 1024 },
    paths: [NO_LOSS],
    contenders: [OWN, 'rsync-bbr', ...OVER_SSH, ...DISKS],
    shows: 'files',
    bounds: [beyondDisk(), ...OVER_SSH.map((peer) => faster(NO_LOSS, peer))],
  },
  {
    kind: 'copy',
    name: 'small-files-100k',
    title: '100,000 files of 1 KiB in 100 directories over 500 Mbit/s, 100 ms, queue 1 BDP, loss 0 %',
    source: HUNDRED_THOUSAND,
    paths: [NO_LOSS],
    contenders: [OWN, ...OVER_SSH, ...DISKS],
    patienceSeconds: PATIENCE_SECONDS,
    shows: 'files',
    bounds: [...OVER_SSH.map((peer) => faster(NO_LOSS, peer)), ...memory(NO_LOSS, 400, 250)],
  },
  {
    kind: 'copy',
    name: 'second-run',
    title:
      'the same 100,000 files of 1 KiB once more, unchanged, over a loopback and over 500 Mbit/s, 100 ms, in memory',
    source: HUNDRED_THOUSAND,
    inMemory: true,
    again: true,
    paths: [LOOPBACK, NO_LOSS],
    contenders: [OWN, 'rsync-ssh'],
    patienceSeconds: PATIENCE_SECONDS,
    shows: 'files',
    bounds: [LOOPBACK, NO_LOSS].flatMap((path) => [
      faster(path, 'rsync-ssh'),
      own(path, 'content sent', 'B', 0, ({ says }) => says?.[CONTENT_SENT_BYTES]),
    ]),
  },
  {
    kind: 'copy',
    name: 'empty-files-1m',
    title: '1,000,000 empty files in 1,000 directories over a loopback',
    source: { files: 1_000_000, fileBytes: 0, filesPerDirectory: 1_000 },
    paths: [LOOPBACK],
    contenders: [OWN, 'manifest', ...OVER_SSH],
    patienceSeconds: PATIENCE_SECONDS,
    shows: 'files',
    bounds: [
      {
        what: 'the manifest alone, for a receiver that answers at once',
        unit: 's',
        bound: atMost(60),
        stretch: atMost(20),
        of: (results) => medianSeconds(results, LOOPBACK.label, 'manifest'),
      },
      ...memory(LOOPBACK, 400, 250),
    ],
  },
  {
    kind: 'copy',
    name: 'sparse-1t',
    title: 'a file of 1 TiB with 10 MiB of data and holes, over a loopback',
    source: { files: 1, fileBytes: 2 ** 40, dataBytes: 10 * MIB },
    paths: [LOOPBACK],
    contenders: [OWN],
    shows: 'files',
    bounds: [
      own(LOOPBACK, 'time', 's', 10, ({ seconds }) => seconds),
      // Content is told from holes by chunks of 1 MiB, and none of the ten pieces begins with a chunk.
      own(LOOPBACK, 'what the copy takes on the disk', 'MB', 21, ({ allocatedBytes: bytes }) =>
        bytes === undefined ? undefined : bytes / 1e6,
      ),
    ],
  },
];

/** No bound was set: to be at least as fast is the stretch. */
function faster({ label }: NamedPath, peer: string): Bound<CopyResults> {
  return {
    what: `${label}: jetstream against ${peer}`,
    unit: 'ratio',
    stretch: atLeast(1),
    of: (results) => timesFaster(results, label, OWN, peer),
  };
}

function own(
  { label }: NamedPath,
  what: string,
  unit: Bound<CopyResults>['unit'],
  most: number,
  figure: (copy: CopyResult) => number | undefined,
): Bound<CopyResults> {
  return {
    what: `${label}: ${what}`,
    unit,
    bound: atMost(most),
    stretch: atMost(most),
    of: (results) => medianOf(copiesOf(results, label, OWN), figure),
  };
}

function beyondDisk(): Bound<CopyResults> {
  return {
    what: 'beyond what the receiving disk needs in the better way',
    unit: 's',
    bound: atMost(3),
    stretch: atMost(1),
    of(results) {
      const [ours, ...disks] = [OWN, ...DISKS].map((name) => medianSeconds(results, NO_LOSS.label, name));
      const known = disks.filter((seconds) => seconds !== undefined);
      return ours === undefined || known.length === 0 ? undefined : ours - Math.min(...known);
    },
  };
}
