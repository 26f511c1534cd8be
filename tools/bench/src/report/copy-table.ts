import type { CopyCase, CopyResults, NamedPath } from '../cases/case.ts';
import { copiesOf, linkShare, medianOf, medianSeconds } from '../cases/copy-figures.ts';
import type { CopyResult } from '../runs/copy-once.ts';
import { markdownTable } from './markdown-table.ts';
import { quantity } from './quantity.ts';

const NOTHING = '–';

/** One table for each path of a case, a line for each contender: medians over all runs. */
export function copyTables(copyCase: CopyCase, results: CopyResults): string[] {
  return copyCase.paths.flatMap((path) => {
    const names = [...new Set(results.runs.map(({ contender }) => contender))];
    const rows = names.map((name) => [name, ...cells(copyCase, results, path, name)]);
    const heading = copyCase.paths.length > 1 ? [`With ${path.label}:`] : [];
    const said = copyCase.shows ? names.flatMap((name) => saysTable(results, path, name)) : [];
    return [...heading, markdownTable(headOf(copyCase, path), rows), ...troubles(results, path), ...said];
  });
}

const ENDS = ['time s (min–max)', 'sync s', 'to jetstream', 'CPU s (send+recv)', 'peak MB (send, recv)'];
const WAN = ['of the link', 'redundant', 'dropped: queue, random', 'deepest queue', 'queue p50, p95'];

const FILES = ['files/s', 'sent, both ways, MB', 'on disk MB'];

function headOf({ shows }: CopyCase, { path }: NamedPath): string[] {
  if (shows === 'files') return ['', ...ENDS, ...FILES];
  return ['', ...ENDS, ...(path === 'loopback' ? ['Gbit/s'] : WAN)];
}

function cells(copyCase: CopyCase, results: CopyResults, path: NamedPath, name: string): string[] {
  const copies = copiesOf(results, path.label, name);
  if (copies.length === 0) return ['not copied'];
  const show = (
    figure: (copy: CopyResult) => number | undefined,
    words: (value: number) => string,
  ): string => {
    const value = medianOf(copies, figure);
    return value === undefined ? NOTHING : words(value);
  };
  const seconds = copies.map((copy) => copy.seconds!);
  const own = medianSeconds(results, path.label, 'jetstream');
  const middle = medianSeconds(results, path.label, name)!;
  const time = `${middle.toFixed(2)} (${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)})`;
  const ends = [
    time,
    show(
      ({ syncSeconds }) => syncSeconds,
      (value) => value.toFixed(2),
    ),
    own === undefined ? NOTHING : quantity(middle / own, 'ratio'),
    [
      show(
        ({ sender }) => sender?.cpuSeconds,
        (value) => value.toFixed(2),
      ),
      show(
        ({ receiver }) => receiver?.cpuSeconds,
        (value) => value.toFixed(2),
      ),
    ].join(' + '),
    [
      show(({ sender }) => sender?.peakResidentBytes, megabytes),
      show(({ receiver }) => receiver?.peakResidentBytes, megabytes),
    ].join(', '),
  ];
  if (copyCase.shows === 'files') {
    const sent = show(
      ({ sentBytes }) => sentBytes,
      (bytes) => (bytes / 1e6).toFixed(2),
    );
    const onDisk = show(
      ({ allocatedBytes }) => allocatedBytes,
      (bytes) => (bytes / 1e6).toFixed(2),
    );
    return [...ends, count(Math.round(copyCase.source.files / middle)), sent, onDisk];
  }
  if (path.path === 'loopback') return [...ends, ((copies[0]!.bytes * 8) / middle / 1e9).toFixed(2)];
  return [
    ...ends,
    quantity(linkShare(results, path, name)!, 'share'),
    show(
      ({ wan }) => wan?.redundantShare,
      (value) => quantity(value, 'share'),
    ),
    [
      show(({ wan }) => wan?.droppedByQueuePackets, count),
      show(({ wan }) => wan?.droppedAtRandomPackets, count),
    ].join(', '),
    `${show(
      ({ wan }) => wan?.deepestQueueMs,
      (value) => `${value.toFixed(0)} ms`,
    )}, ${show(
      ({ wan }) => wan?.deepestQueueBdp,
      (value) => quantity(value, 'BDP'),
    )}`,
    [
      show(
        ({ wan }) => wan?.standingQueueP50Ms,
        (value) => value.toFixed(1),
      ),
      show(
        ({ wan }) => wan?.standingQueueP95Ms,
        (value) => `${value.toFixed(1)} ms`,
      ),
    ].join(', '),
  ];
}

/** What a contender says about itself: medians. */
function saysTable(results: CopyResults, path: NamedPath, name: string): string[] {
  const copies = copiesOf(results, path.label, name);
  const figures = [...new Set(copies.flatMap(({ says = {} }) => Object.keys(says)))];
  const rows = figures.map((figure) => [figure, medianOf(copies, ({ says }) => says?.[figure])!.toFixed(2)]);
  return rows.length === 0 ? [] : [markdownTable([name, ''], rows)];
}

/** What was not copied, and why. */
function troubles({ runs }: CopyResults, path: NamedPath): string[] {
  const lines = runs
    .filter(({ path: { label }, result }) => label === path.label && result.outcome !== 'copied')
    .map(({ contender, result: { outcome, why } }) => `- ${contender}: ${outcome}: ${why}`);
  return lines.length === 0 ? [] : [[...new Set(lines)].join('\n')];
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function count(packets: number): string {
  return packets.toLocaleString('en-US');
}
