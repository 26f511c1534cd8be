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
    durable(progress),
    present(progress),
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
    durable(progress),
    formatRate(progress.rateBitsPerSecond),
    eta(progress),
  ].filter((part) => part !== '');
  const numbersText = numbers.join(GAP);
  const barWidth = Math.min(40, columns - numbersText.length - GAP.length - 1);
  const first = barWidth >= 8 ? `${bar(progress, barWidth)}${GAP}${numbersText}` : numbersText;

  const details = [
    `${formatCount(progress.filesDone)}/${formatFiles(progress.totalFiles)}`,
    present(progress),
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

/** `copied 3 files in 40 directories, 4.00 MiB, in 3.2 s (10.5 Mbit/s); there already: 1,998 files, 260 MiB`. */
export function summaryLine(summary: TransferSummary): string {
  const files = summary.files - summary.skippedFiles;
  const bytes = summary.bytes - summary.presentBytes;
  if (files === 0 && bytes === 0 && summary.skippedFiles > 0) {
    return `nothing to copy: ${tree(summary.files, summary.directories, summary.bytes)}, there already, in ${formatElapsed(summary.elapsedMs)}`;
  }
  const seconds = Math.max(summary.elapsedMs, 1) / 1000;
  const rate = formatRate((bytes * 8) / seconds);
  const copied = `copied ${tree(files, summary.directories, bytes)}, in ${formatElapsed(summary.elapsedMs)} (${rate})`;
  const there = [
    summary.skippedFiles > 0 ? formatFiles(summary.skippedFiles) : '',
    summary.presentBytes > 0 ? formatBytes(summary.presentBytes) : '',
  ].filter((part) => part !== '');
  return there.length === 0 ? copied : `${copied}; there already: ${there.join(', ')}`;
}

/** `found equal: 2,001 files in 40 directories, 264 MiB, in 3.2 s`. */
export function comparisonLine({ files, directories, bytes, elapsedMs }: TransferSummary): string {
  return `found equal: ${tree(files, directories, bytes)}, in ${formatElapsed(elapsedMs)}`;
}

/** `2,001 files in 40 directories, 264 MiB`. */
function tree(files: number, directories: number, bytes: number): string {
  const kind = directories === 1 ? 'directory' : 'directories';
  const within = directories > 0 ? ` in ${formatCount(directories)} ${kind}` : '';
  return `${formatFiles(files)}${within}, ${formatBytes(bytes)}`;
}

/** Of what is acknowledged, while there is more of that. */
function durable({ ackedBytes, durableBytes }: TransferProgress): string {
  const text = formatBytes(durableBytes);
  if (text === formatBytes(ackedBytes)) return '';
  return durableBytes === 0 ? 'not on disk yet' : `${text} safe on disk`;
}

function present({ presentBytes }: TransferProgress): string {
  return presentBytes > 0 ? `${formatBytes(presentBytes)} there already` : '';
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
