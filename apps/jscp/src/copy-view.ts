import type { FileOutcome, TransferProgress, TransferSummary } from '@jetstream/core';
import type { JetStreamError } from '@jetstream/protocol';
import { JsonLines } from './json-lines.ts';
import { ProgressLines } from './progress-lines.ts';
import { comparisonLine, summaryLine } from './progress-text.ts';

/** What a copy shows while it runs and when it is over. */
export interface CopyView {
  /** Another server carries the copy out, under that id. */
  submitted(transferId: string): void;
  progress(progress: TransferProgress): void;
  /** Called for each file that ended, well or not. */
  file(outcome: FileOutcome): void;
  /** Something of how the copy goes that is no error. */
  note(text: string): void;
  /** A line for the person at standard error, never in the middle of something else. */
  line(text: string): void;
  summary(summary: TransferSummary): void;
  /** The copy could not run to its end. Its line for the person comes by `line`. */
  error(error: JetStreamError, exitStatus: number): void;
  /** Leaves the terminal as it was found; nothing is shown after it but by `line`. */
  end(): void;
}

/** The part of a stream that a view needs. */
export interface TextOutput {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface Outputs {
  stdout: TextOutput;
  stderr: TextOutput;
}

export async function createView(
  output: 'progress' | 'quiet' | 'json',
  { stdout, stderr }: Outputs,
  verify = false,
): Promise<CopyView> {
  if (output === 'json') return new JsonLines(stdout, stderr);
  if (output === 'quiet') return new Quiet(stderr);
  const sumUp = verify ? comparisonLine : summaryLine;
  if (!stderr.isTTY) return new ProgressLines(stderr, sumUp);
  return new (await import('./progress-bar.ts')).ProgressBar(stderr as NodeJS.WriteStream, sumUp);
}

class Quiet implements CopyView {
  private readonly stderr: TextOutput;

  constructor(stderr: TextOutput) {
    this.stderr = stderr;
  }

  line(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  submitted(): void {}
  progress(): void {}
  note(): void {}
  file(): void {}
  summary(): void {}
  error(): void {}
  end(): void {}
}
