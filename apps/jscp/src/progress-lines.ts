import type { TransferProgress, TransferSummary } from '@jetstream/core';
import type { CopyView, TextOutput } from './copy-view.ts';
import { noteLine, progressLine } from './progress-text.ts';

const INTERVAL_MS = 5000;

/** Plain lines for a log or a pipe: one every five seconds, and one at the end. */
export class ProgressLines implements CopyView {
  private readonly stderr: TextOutput;
  private readonly sumUp: (summary: TransferSummary) => string;
  private nextAtMs = INTERVAL_MS;

  constructor(stderr: TextOutput, sumUp: (summary: TransferSummary) => string) {
    this.stderr = stderr;
    this.sumUp = sumUp;
  }

  progress(progress: TransferProgress): void {
    if (progress.elapsedMs < this.nextAtMs) return;
    this.nextAtMs = progress.elapsedMs + INTERVAL_MS;
    this.line(progressLine(progress));
  }

  note(text: string): void {
    this.line(noteLine(text));
  }

  line(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  /** A copy of which nothing arrived has said why already. */
  summary(summary: TransferSummary): void {
    if (summary.failed === 0 || summary.files > summary.failed) this.line(this.sumUp(summary));
  }

  submitted(): void {}
  file(): void {}
  error(): void {}
  end(): void {}
}
