import type { FileOutcome, TransferProgress, TransferSummary } from '@jetstream/core';
import type { JetStreamError } from '@jetstream/protocol';
import type { CopyView, TextOutput } from './copy-view.ts';
import { printableJson } from './printable.ts';

const INTERVAL_MS = 500;
/** Of lines that are gathered before they are written. */
const MAX_GATHERED_LENGTH = 64 * 1024;

/** One JSON object a line on standard output, for programs. docs/CLI.md describes every field. */
export class JsonLines implements CopyView {
  private readonly stdout: TextOutput;
  private readonly stderr: TextOutput;
  private nextAtMs = 0;
  private state = '';
  /** Of files that ended in this turn: to write each by itself takes longer than all the rest of a small file. */
  private gathered = '';

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
    if (this.gathered === '') setImmediate(() => this.flush());
    this.gathered += lineOf({ event: 'file', ...outcome });
    if (this.gathered.length > MAX_GATHERED_LENGTH) this.flush();
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

  end(): void {
    this.flush();
  }

  private write(value: object): void {
    this.gathered += lineOf(value);
    this.flush();
  }

  private flush(): void {
    if (this.gathered !== '') this.stdout.write(this.gathered);
    this.gathered = '';
  }
}

function lineOf(value: object): string {
  return `${printableJson(value)}\n`;
}
