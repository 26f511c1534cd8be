import type { ErrorCode } from '@jetstream/protocol';
import type { FileOutcome } from '../contract.ts';

/**
 * What the application hears of a file.
 * @param file which it was; without a target it is the outcome of a source that was not copied
 */
export function fileOutcome(
  file: Pick<FileOutcome, 'source' | 'target' | 'bytes'>,
  result: { code: ErrorCode; message: string; skipped: boolean; digest: Uint8Array },
): FileOutcome {
  const { code, message, skipped, digest } = result;
  const { source, target, bytes } = file;
  const outcome: FileOutcome = { source, target, bytes };
  if (skipped) outcome.skipped = true;
  if (code !== 'none') outcome.error = { code, message };
  else if (digest.byteLength > 0) outcome.digest = Buffer.from(digest).toString('hex');
  return outcome;
}

/** Of a source that could not be read when the tree was scanned. */
export function sourceProblem(source: string, code: ErrorCode, message: string): FileOutcome {
  return { source, target: '', bytes: 0, error: { code, message } };
}
