import type { ResumeResults } from '../cases/case.ts';
import type { ResumeResult } from '../runs/resume-once.ts';
import { markdownTable } from './markdown-table.ts';
import { quantity } from './quantity.ts';

/** A line for each interrupted copy. */
export function resumeTable({ runs }: ResumeResults): string {
  const head = [
    ...['', 'run', 'outcome', 'arrived by the kill, MiB', 'kept, MiB', 'sent twice, MiB', 'an interval, MiB'],
    ...['content after, s', 'before the kill, s', 'plain read of what was kept, s'],
  ];
  const rows = runs.map(({ interruption: { label }, run, result }) => {
    const { arrivedBytes, keptBytes, sentTwiceBytes, intervalBytes, contentAfterSeconds } = result;
    return [
      ...[label, String(run), resumeWords(result)],
      ...[arrivedBytes, keptBytes, sentTwiceBytes, intervalBytes].map(mebibytes),
      ...[contentAfterSeconds?.second, contentAfterSeconds?.first, result.plainReadSeconds].map(seconds),
    ];
  });
  return markdownTable(head, rows);
}

export function resumeWords({ outcome, why, sentTwiceBytes, intervalBytes }: ResumeResult): string {
  if (outcome !== 'copied') return `${outcome}: ${why}`;
  return `equal bytes, sent twice: ${quantity(sentTwiceBytes! / intervalBytes!, 'share')} of an interval`;
}

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? '–' : (bytes / 2 ** 20).toFixed(1);
}

function seconds(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2);
}
