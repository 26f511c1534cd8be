import type { FileOutcome, TransferProgress, TransferSummary } from '@jetstream/core';
import type { JetStreamError } from '@jetstream/protocol';
import type { CopyView, TextOutput } from './copy-view.ts';
import { printableJson } from './printable.ts';

const INTERVAL_MS = 500;

/** One JSON object a line on standard output, for programs. docs/CLI.md describes every field. */
export class JsonLines implements CopyView {
  private readonly stdout: TextOutput;
  private readonly stderr: TextOutput;
  private nextAtMs = 0;
  private state = '';

  constructor(stdout: TextOutput, stderr: TextOutput) {
    this.stdout = stdout;
    this.stderr = stderr;
  }

  submitted(transferId: string): void {
    this.write({ event: 'submitted', transferId });
  }

  /** At most two a second, and one for each new state. */
  progress(progress: TransferProgress): void {
    if (progress.elapsedMs < this.nextAtMs && progress.state === this.state) return;
    this.nextAtMs = progress.elapsedMs + INTERVAL_MS;
    this.state = progress.state;
    this.write({ event: 'progress', ...progress });
  }

  file(outcome: FileOutcome): void {
    this.write({ event: 'file', ...outcome });
  }

  note(text: string): void {
    this.write({ event: 'note', text });
  }

  summary({ failures: _, ...counts }: TransferSummary): void {
    this.write({ event: 'summary', ...counts });
  }

  error({ code, message, subject, retryable }: JetStreamError, exitStatus: number): void {
    this.write({ event: 'error', code, message, subject, retryable, exitStatus });
  }

  line(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  end(): void {}

  private write(value: object): void {
    this.stdout.write(`${printableJson(value)}\n`);
  }
}
