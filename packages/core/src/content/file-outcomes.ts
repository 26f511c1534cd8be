import type { ErrorCode } from '@jetstream/protocol';
import type { FileOutcome } from '../contract.ts';

/**
 * What became of many files, by columns: what goes from thread to thread is copied, and lists of texts and numbers are so in a quarter of
 * the time that an object for each file takes.
 */
export interface FileOutcomes {
  readonly sources: string[];
  readonly targets: string[];
  readonly bytes: number[];
  readonly skipped: boolean[];
  /** Hexadecimal; empty for none. */
  readonly digests: string[];
  /** Of those that failed. `at`: in the other columns */
  readonly failures: { at: number; code: ErrorCode; message: string }[];
}

export function noOutcomes(): FileOutcomes {
  return { sources: [], targets: [], bytes: [], skipped: [], digests: [], failures: [] };
}

/** One more. @param code `none`: it did not fail */
export function addOutcome(
  { sources, targets, bytes, skipped, digests, failures }: FileOutcomes,
  source: string,
  target: string,
  byteLength: number,
  isSkipped: boolean,
  digest: Uint8Array,
  code: ErrorCode,
  message: string,
): void {
  if (code !== 'none') failures.push({ at: sources.length, code, message });
  sources.push(source);
  targets.push(target);
  bytes.push(byteLength);
  skipped.push(isSkipped);
  digests.push(code === 'none' && digest.byteLength > 0 ? Buffer.from(digest).toString('hex') : '');
}

/** As the application hears of them. */
export function fileOutcomes({
  sources,
  targets,
  bytes,
  skipped,
  digests,
  failures,
}: FileOutcomes): FileOutcome[] {
  const outcomes = sources.map((source, at) => {
    const outcome: FileOutcome = { source, target: targets[at]!, bytes: bytes[at]! };
    if (skipped[at]) outcome.skipped = true;
    if (digests[at] !== '') outcome.digest = digests[at]!;
    return outcome;
  });
  for (const { at, code, message } of failures) outcomes[at]!.error = { code, message };
  return outcomes;
}

/** Of a source that could not be read when the tree was scanned: it has no target. */
export function sourceProblem(source: string, code: ErrorCode, message: string): FileOutcome {
  return { source, target: '', bytes: 0, error: { code, message } };
}
