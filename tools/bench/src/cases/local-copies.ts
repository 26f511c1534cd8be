import { atLeast, atMost, type Bound, type CopyCase, type CopyResults, type NamedPath } from './case.ts';
import { copiesOf, medianOf, memory, timesFaster } from './copy-figures.ts';
import { NO_LOSS } from './wan-copies.ts';

const TWO_GIB = { files: 1, fileBytes: 2 ** 31 };
export const LOOPBACK: NamedPath = { label: 'loopback', path: 'loopback' };
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
    bounds: [...FASTER, ...memory(LOOPBACK, 250, 150)],
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
    bounds: memory(NO_LOSS, 250, 150),
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
