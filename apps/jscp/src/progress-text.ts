import type { TransferProgress, TransferSummary } from '@jetstream/core';
import { printable } from './printable.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatElapsed,
  formatFiles,
  formatMilliseconds,
  formatRate,
} from './quantities.ts';

const GAP = '  ';

/**
 * Share of the copy that the receiver has acknowledged, as a whole number of percent.
 * 100 is said only of a copy that is complete: durable and under its final names.
 */
export function percentDone(progress: TransferProgress): number {
  if (progress.state === 'complete') return 100;
  const share =
    progress.totalBytes > 0
      ? progress.ackedBytes / progress.totalBytes
      : progress.filesDone / Math.max(1, progress.totalFiles);
  return Math.max(0, Math.min(99, Math.floor(share * 100)));
}

/** One line for logs and other places that are no terminal. */
export function progressLine(progress: TransferProgress): string {
  const more = progress.totalsFinal ? '' : ' so far';
  const parts = [
    `${String(percentDone(progress)).padStart(3)} %`,
    `${formatBytes(progress.ackedBytes)} of ${formatBytes(progress.totalBytes)}${more}`,
    `${formatCount(progress.filesDone)} of ${formatFiles(progress.totalFiles)}`,
    formatRate(progress.rateBitsPerSecond),
    eta(progress),
    ...network(progress),
    waiting(progress),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** The two lines shown on a terminal of that many columns: how far, and what is going on. */
export function progressBlock(progress: TransferProgress, columns: number): [string, string] {
  const more = progress.totalsFinal ? '' : '+';
  const numbers = [
    `${String(percentDone(progress)).padStart(3)} %`,
    `${formatBytes(progress.ackedBytes)} / ${formatBytes(progress.totalBytes)}${more}`,
    formatRate(progress.rateBitsPerSecond),
    eta(progress),
  ].filter((part) => part !== '');
  const numbersText = numbers.join(GAP);
  const barWidth = Math.min(40, columns - numbersText.length - GAP.length - 1);
  const first = barWidth >= 8 ? `${bar(progress, barWidth)}${GAP}${numbersText}` : numbersText;

  const details = [
    `${formatCount(progress.filesDone)}/${formatFiles(progress.totalFiles)}`,
    ...network(progress),
    waiting(progress),
  ].filter((part) => part !== '');
  const detailsText = details.join(GAP);
  const name = progress.currentFile ? printable(fromHere(progress.currentFile)) : '';
  const room = columns - detailsText.length - GAP.length - 1;
  const second = name !== '' && room >= 8 ? `${detailsText}${GAP}${endOf(name, room)}` : detailsText;
  return [first.slice(0, columns), second.slice(0, columns)];
}

export function noteLine(text: string): string {
  return `jscp: ${printable(text)}`;
}

/** `copied 2,001 files in 40 directories, 264 MiB, in 3.2 s (660 Mbit/s)`. */
export function summaryLine(summary: TransferSummary): string {
  const seconds = Math.max(summary.elapsedMs, 1) / 1000;
  const directories = summary.directories === 1 ? 'directory' : 'directories';
  const within = summary.directories > 0 ? ` in ${formatCount(summary.directories)} ${directories}` : '';
  const rate = formatRate((summary.bytes * 8) / seconds);
  return `copied ${formatFiles(summary.files)}${within}, ${formatBytes(summary.bytes)}, in ${formatElapsed(summary.elapsedMs)} (${rate})`;
}

function bar(progress: TransferProgress, width: number): string {
  const filled = Math.floor((percentDone(progress) / 100) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

function eta({ state, etaSeconds }: TransferProgress): string {
  return state === 'transferring' && etaSeconds !== undefined ? `ETA ${formatDuration(etaSeconds)}` : '';
}

function network({ rttMs, lossShare }: TransferProgress): string[] {
  return [`RTT ${formatMilliseconds(rttMs)}`, `loss ${(lossShare * 100).toFixed(1)} %`];
}

function waiting({ state, waitsFor }: TransferProgress): string {
  if (state === 'complete' || state === 'error' || state === 'cancelled') return '';
  if (state !== 'transferring') return waitsFor ? `${state}: ${waitsFor}` : state;
  return waitsFor ? `limit: ${waitsFor}` : '';
}

/** A path within the working directory is shown as it would be typed there. */
function fromHere(path: string): string {
  const here = `${process.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}

/** The end of a path says more than its beginning. */
function endOf(name: string, room: number): string {
  const characters = [...name];
  return characters.length <= room ? name : `…${characters.slice(-(room - 1)).join('')}`;
}
