import type { TransferProgress } from '@jetstream/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparisonLine, percentDone, progressBlock, progressLine, summaryLine } from './progress-text.ts';
import { HALF_WAY } from './testing/half-way.ts';

const HALF: TransferProgress = {
  ...HALF_WAY,
  waitsFor: "receiver's disk",
  totalBytes: 256 * 2 ** 20,
  totalFiles: 2001,
  ackedBytes: 110 * 2 ** 20,
  durableBytes: 100 * 2 ** 20,
  filesDone: 812,
  rateBitsPerSecond: 950e6,
  etaSeconds: 3,
  rttMs: 0.42,
  lossShare: 0.013,
  elapsedMs: 1000,
  currentFile: 'photos/2024/summer/img_0001.jpg',
};

describe('progressBlock', () => {
  it('shows how far, how fast and what is going on', () => {
    expect(progressBlock(HALF, 100)).toEqual([
      '████████████░░░░░░░░░░░░░░░░░   42 %  110 MiB / 256 MiB  100 MiB safe on disk  950 Mbit/s  ETA 0:03',
      "812/2,001 files  RTT 0.4 ms  loss 1.3 %  limit: receiver's disk  photos/2024/summer/img_0001.jpg",
    ]);
  });

  it('says what was there already, and nothing of durability when all is durable', () => {
    const there = { ...HALF, durableBytes: HALF.ackedBytes, presentBytes: 60 * 2 ** 20 };
    const [first, second] = progressBlock(there, 100);
    expect(first).not.toContain('on disk');
    expect(second).toMatch(/^812\/2,001 files {2}60.0 MiB there already {2}RTT/);
    expect(progressLine(there)).toContain('110 MiB of 256 MiB, 60.0 MiB there already, 812 of');
  });

  it('says that nothing is durable yet, not that so much of it is', () => {
    expect(progressLine({ ...HALF, durableBytes: 0 })).toContain('110 MiB of 256 MiB, not on disk yet, 812');
  });

  it('gives up the bar, then the name, on a narrow terminal', () => {
    const [first, second] = progressBlock(HALF, 50);
    expect(first).toBe(' 42 %  110 MiB / 256 MiB  100 MiB safe on disk  95');
    expect(second.startsWith('812/2,001 files  RTT 0.4 ms')).toBe(true);
  });

  it('keeps the end of a long name', () => {
    expect(progressBlock(HALF, 80)[1]).toMatch(/ {2}…[^ ]*g_0001\.jpg$/);
  });

  it('shows a name within the working directory as it would be typed there', () => {
    const [, second] = progressBlock({ ...HALF, currentFile: `${process.cwd()}/a/b` }, 100);
    expect(second.endsWith('  a/b')).toBe(true);
  });

  it('says that totals still grow', () => {
    expect(progressBlock({ ...HALF, totalsFinal: false }, 100)[0]).toContain('/ 256 MiB+');
  });

  it('never lets a name act on the terminal', () => {
    const [, second] = progressBlock({ ...HALF, waitsFor: '', currentFile: 'a\x1b[2J\nb' }, 100);
    expect(second).toContain('a\\u001b[2J\\nb');
  });

  it('never exceeds the terminal', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 200 }),
        fc.string(),
        fc.nat(2 ** 50),
        (columns, currentFile, totalBytes) => {
          const lines = progressBlock({ ...HALF, currentFile, totalBytes }, columns);
          return lines.every((line) => line.length <= columns);
        },
      ),
    );
  });
});

describe('percentDone', () => {
  it('says 100 only of a complete copy', () => {
    const all = { ...HALF, ackedBytes: HALF.totalBytes, filesDone: 2001 };
    expect(percentDone({ ...all, state: 'finishing' })).toBe(99);
    expect(percentDone({ ...all, state: 'complete' })).toBe(100);
  });

  it('counts files when there are no bytes', () => {
    expect(percentDone({ ...HALF, totalBytes: 0, totalFiles: 4, filesDone: 1 })).toBe(25);
    expect(percentDone({ ...HALF, totalBytes: 0, totalFiles: 0, filesDone: 0 })).toBe(0);
  });
});

describe('lines', () => {
  it('hold the same for a log', () => {
    expect(progressLine({ ...HALF, totalsFinal: false })).toBe(
      " 42 %, 110 MiB of 256 MiB so far, 100 MiB safe on disk, 812 of 2,001 files, 950 Mbit/s, ETA 0:03, RTT 0.4 ms, loss 1.3 %, limit: receiver's disk",
    );
  });

  it('say what a copy without a link waits for, and nothing of the kind at its end', () => {
    const waiting = {
      ...HALF,
      state: 'reconnecting',
      waitsFor: 'the link to h',
      etaSeconds: undefined,
    } as const;
    expect(progressLine(waiting)).toMatch(/, reconnecting: the link to h$/);
    expect(progressLine({ ...waiting, state: 'error', waitsFor: '' })).toMatch(/loss 1.3 %$/);
  });

  it('sum up what was copied', () => {
    const summary = {
      files: 2001,
      skippedFiles: 0,
      directories: 40,
      presentBytes: 0,
      bytes: 264 * 2 ** 20,
      failed: 0,
      elapsedMs: 3200,
      failures: [],
    };
    expect(summaryLine(summary)).toBe('copied 2,001 files in 40 directories, 264 MiB, in 3.2 s (692 Mbit/s)');
    expect(summaryLine({ ...summary, files: 1, directories: 0, bytes: 0, elapsedMs: 0 })).toBe(
      'copied 1 file, 0 B, in 0.0 s (0 bit/s)',
    );
  });

  it('sum up what was there already', () => {
    const counts = { directories: 40, failed: 0, elapsedMs: 3200, failures: [] };
    const second = {
      ...counts,
      files: 2001,
      skippedFiles: 1998,
      bytes: 264 * 2 ** 20,
      presentBytes: 260 * 2 ** 20,
    };
    expect(summaryLine(second)).toBe(
      'copied 3 files in 40 directories, 4.00 MiB, in 3.2 s (10.5 Mbit/s); there already: 1,998 files, 260 MiB',
    );
    expect(summaryLine({ ...second, skippedFiles: 2001, presentBytes: second.bytes })).toBe(
      'nothing to copy: 2,001 files in 40 directories, 264 MiB, there already, in 3.2 s',
    );
    const resumed = {
      ...counts,
      directories: 0,
      files: 1,
      skippedFiles: 0,
      bytes: 60e6,
      presentBytes: 22 * 2 ** 20,
    };
    expect(summaryLine(resumed)).toBe(
      'copied 1 file, 35.2 MiB, in 3.2 s (92.3 Mbit/s); there already: 22.0 MiB',
    );
    expect(comparisonLine(second)).toBe('found equal: 2,001 files in 40 directories, 264 MiB, in 3.2 s');
  });
});
