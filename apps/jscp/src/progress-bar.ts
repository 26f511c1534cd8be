import type { TransferProgress, TransferSummary } from '@jetstream/core';
import cliProgress from 'cli-progress';
import type { CopyView } from './copy-view.ts';
import { noteLine, progressBlock } from './progress-text.ts';

/** Two lines at the foot of a terminal, redrawn ten times a second; other lines scroll above them. */
export class ProgressBar implements CopyView {
  private readonly terminal: NodeJS.WriteStream;
  private readonly sumUp: (summary: TransferSummary) => string;
  private bars: cliProgress.MultiBar | undefined;
  private lines: cliProgress.SingleBar[] = [];
  private latest: TransferProgress | undefined;

  constructor(terminal: NodeJS.WriteStream, sumUp: (summary: TransferSummary) => string) {
    this.terminal = terminal;
    this.sumUp = sumUp;
  }

  progress(progress: TransferProgress): void {
    this.latest = progress;
    if (!this.bars) this.begin();
    const columns = this.terminal.columns ?? 80;
    const block = progressBlock(progress, columns);
    for (const [index, line] of this.lines.entries()) line.update(0, { text: block[index] });
  }

  submitted(): void {}

  file(): void {}

  note(text: string): void {
    this.line(noteLine(text));
  }

  line(text: string): void {
    if (this.bars) this.bars.log(`${text}\n`);
    else this.terminal.write(`${text}\n`);
  }

  summary(summary: TransferSummary): void {
    if (this.latest && summary.failed === 0) this.progress({ ...this.latest, state: 'complete' });
    this.end();
    this.terminal.write(`${this.sumUp(summary)}\n`);
  }

  error(): void {
    this.end();
  }

  end(): void {
    this.bars?.stop();
    this.bars = undefined;
    this.lines = [];
    this.latest = undefined;
  }

  private begin(): void {
    this.bars = new cliProgress.MultiBar({
      stream: this.terminal,
      format: (_options, _params, payload: { text?: string }) => payload.text ?? '',
      hideCursor: true,
      gracefulExit: false,
      emptyOnZero: true,
    });
    this.lines = [this.bars.create(1, 0, { text: '' }), this.bars.create(1, 0, { text: '' })];
  }
}
