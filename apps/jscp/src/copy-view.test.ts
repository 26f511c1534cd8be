import type { TransferSummary } from '@jetstream/core';
import { JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { createView } from './copy-view.ts';
import { HALF_WAY } from './testing/half-way.ts';

const SUMMARY: TransferSummary = {
  files: 1,
  skippedFiles: 0,
  directories: 0,
  presentBytes: 0,
  bytes: 100,
  failed: 0,
  elapsedMs: 1000,
  failures: [],
};

class Capture {
  text = '';
  write(text: string): void {
    this.text += text;
  }
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

async function capture(output: 'progress' | 'quiet' | 'json') {
  const [stdout, stderr] = [new Capture(), new Capture()];
  return { view: await createView(output, { stdout, stderr }), stdout, stderr };
}

describe('quiet', () => {
  it('says nothing but errors', async () => {
    const { view, stdout, stderr } = await capture('quiet');
    view.progress(HALF_WAY);
    view.file({ source: 'f', target: 'f', bytes: 1 });
    view.note('connected again');
    view.summary(SUMMARY);
    view.line('jscp: no');
    view.end();
    expect([stdout.text, stderr.text]).toEqual(['', 'jscp: no\n']);
  });
});

describe('plain lines', () => {
  it('come every five seconds and at the end', async () => {
    const { view, stdout, stderr } = await capture('progress');
    for (let elapsedMs = 0; elapsedMs < 12_000; elapsedMs += 100) view.progress({ ...HALF_WAY, elapsedMs });
    view.note('a\nb');
    view.summary(SUMMARY);
    expect(stdout.text).toBe('');
    expect(stderr.lines.map((line) => line.slice(0, 6))).toEqual([' 50 %,', ' 50 %,', 'jscp: ', 'copied']);
    expect(stderr.lines[2]).toBe('jscp: a\\nb');
  });

  it('do not praise a copy of which nothing arrived', async () => {
    const { view, stderr } = await capture('progress');
    view.summary({ ...SUMMARY, files: 0, failed: 1 });
    expect(stderr.text).toBe('');
  });
});

describe('JSON lines', () => {
  it('are one object a line, at most two a second and one for each state', async () => {
    const { view, stdout, stderr } = await capture('json');
    for (let elapsedMs = 0; elapsedMs < 1000; elapsedMs += 10) view.progress({ ...HALF_WAY, elapsedMs });
    view.progress({ ...HALF_WAY, elapsedMs: 1000, state: 'finishing' });
    view.file({ source: 'a\nb', target: 'a\nb', bytes: 3, digest: '00' });
    view.note('connected again');
    view.summary(SUMMARY);
    view.error(new JetStreamError('disk-full', 'no space', { subject: 'x' }), 13);
    view.file({ source: 'c', target: 'c', bytes: 4 });
    view.end();
    const events = stdout.lines.map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual([
      'progress',
      'progress',
      'progress',
      'file',
      'note',
      'summary',
      'error',
      'file',
    ]);
    expect(events[0]).toEqual({ event: 'progress', ...HALF_WAY });
    expect(events[3]).toEqual({ event: 'file', source: 'a\nb', target: 'a\nb', bytes: 3, digest: '00' });
    const { failures: _, ...counts } = SUMMARY;
    expect(events[5]).toEqual({ event: 'summary', ...counts });
    expect(events[4]).toEqual({ event: 'note', text: 'connected again' });
    expect(events[6]).toEqual({
      event: 'error',
      code: 'disk-full',
      message: 'no space',
      subject: 'x',
      retryable: true,
      exitStatus: 13,
    });
    expect(stderr.text).toBe('');
  });
});
