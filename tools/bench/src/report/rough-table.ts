import type { RoughResults } from '../cases/case.ts';
import type { RoughResult } from '../runs/rough-once.ts';
import { markdownTable } from './markdown-table.ts';
import { quantity } from './quantity.ts';

/** A line for each surrounding and run. */
export function roughTable({ runs }: RoughResults): string {
  const head = [
    '',
    'MiB',
    'time s',
    'outcome',
    'peak MB (send, recv)',
    'dropped: queue, random',
    'redundant',
  ];
  const rows = runs.map(({ surrounding: { label, mebibytes }, result }) => [
    label,
    String(mebibytes),
    result.seconds.toFixed(1),
    roughWords(result),
    `${megabytes(result.senderPeakBytes)}, ${megabytes(result.receiverPeakBytes)}`,
    `${result.wan.droppedByQueuePackets}, ${result.wan.droppedAtRandomPackets}`,
    result.outcome === 'copied' ? quantity(result.wan.redundantShare ?? 0, 'share') : '–',
  ]);
  return markdownTable(head, rows);
}

export function roughWords({ outcome, why }: RoughResult): string {
  return outcome === 'copied' ? 'equal bytes' : `${outcome}: ${why}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
