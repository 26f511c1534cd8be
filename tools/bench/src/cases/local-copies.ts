import { atLeast, atMost, type Bound, type CopyCase, type CopyResults, type NamedPath } from './case.ts';
import { copiesOf, medianOf, medianSeconds, timesFaster } from './copy-figures.ts';
import { NO_LOSS } from './wan-copies.ts';

const TWO_GIB = { files: 1, fileBytes: 2 ** 31 };
const LOOPBACK: NamedPath = { label: 'loopback', path: 'loopback' };
const PEERS = ['scp', 'scp-aes', 'udt', 'srt', 'rsync-bbr', 'rsync-cubic'];

const FASTER: readonly Bound<CopyResults>[] = [
  faster('scp', 1.7),
  faster('scp-aes', 1.7),
  faster('udt', 2),
  { ...faster('rsync-bbr', 1), bound: undefined },
  { ...faster('rsync-cubic', 1), bound: undefined },
];

/** Cases in which not the path decides, but what the ends do. */
export const LOCAL_COPIES: readonly CopyCase[] = [
  {
    kind: 'copy',
    name: 'loopback-2g',
    title: '2 GiB over a loopback with packets of 1,500 bytes, files in memory (tmpfs)',
    source: TWO_GIB,
    paths: [LOOPBACK],
    contenders: ['jetstream', ...PEERS],
    inMemory: true,
    bounds: [...FASTER, memory(LOOPBACK, 'sender'), memory(LOOPBACK, 'receiver')],
  },
  {
    kind: 'copy',
    name: 'loopback-2g-disk',
    title: '2 GiB over a loopback with packets of 1,500 bytes, files on the disk',
    source: TWO_GIB,
    paths: [LOOPBACK],
    contenders: ['jetstream', ...PEERS],
    bounds: FASTER,
  },
  {
    kind: 'copy',
    name: 'memory',
    title: 'resident memory: 2 GiB over 500 Mbit/s, 100 ms, queue 1 BDP, loss 0 %',
    source: TWO_GIB,
    paths: [NO_LOSS],
    contenders: ['jetstream'],
    bounds: [memory(NO_LOSS, 'sender'), memory(NO_LOSS, 'receiver')],
  },
  {
    kind: 'copy',
    name: 'heap',
    title: 'what is allocated in JavaScript while 2 GiB cross a loopback',
    source: TWO_GIB,
    paths: [LOOPBACK],
    contenders: ['jetstream-heap'],
    inMemory: true,
    shows: 'says',
    bounds: [allocations('sender'), allocations('receiver')],
  },
  {
    kind: 'copy',
    name: 'small-files',
    title: '10,000 files of 1 KiB over 500 Mbit/s, 100 ms, queue 1 BDP, loss 0 %',
    source: { files: 10_000, fileBytes: 1024 },
    paths: [NO_LOSS],
    contenders: ['jetstream', 'rsync-bbr', 'disk-each', 'disk-together'],
    bounds: [
      {
        what: 'beyond what the receiving disk needs in the better way',
        unit: 's',
        bound: atMost(3),
        stretch: atMost(1),
        of: beyondDisk,
      },
    ],
  },
];

function faster(peer: string, bound: number): Bound<CopyResults> {
  return {
    what: `jetstream against ${peer}`,
    unit: 'ratio',
    bound: atLeast(bound),
    stretch: atLeast(bound),
    of: (results) => timesFaster(results, LOOPBACK.label, 'jetstream', peer),
  };
}

function memory({ label }: NamedPath, end: 'sender' | 'receiver'): Bound<CopyResults> {
  return {
    what: `peak resident memory of the ${end}`,
    unit: 'MB',
    bound: atMost(250),
    stretch: atMost(150),
    of: (results) =>
      medianOf(
        copiesOf(results, label, 'jetstream'),
        (copy) => copy[end] && copy[end].peakResidentBytes / 1e6,
      ),
  };
}

/** No object takes less than 16 bytes: below that, none is made for each packet. */
function allocations(end: 'sender' | 'receiver'): Bound<CopyResults> {
  const figure = `${end}: allocated per packet, B`;
  return {
    what: `${end}: allocated per packet`,
    unit: 'B',
    bound: atMost(16),
    stretch: atMost(4),
    of: (results) =>
      medianOf(copiesOf(results, LOOPBACK.label, 'jetstream-heap'), ({ says }) => says?.[figure]),
  };
}

function beyondDisk(results: CopyResults): number | undefined {
  const [own, ...disks] = ['jetstream', 'disk-each', 'disk-together'].map((name) =>
    medianSeconds(results, NO_LOSS.label, name),
  );
  const known = disks.filter((seconds) => seconds !== undefined);
  return own === undefined || known.length === 0 ? undefined : own - Math.min(...known);
}
