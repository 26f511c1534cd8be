import type { ErrorCode } from '@jetstream/protocol';
import type { FileStatus } from './file-system.ts';
import { isInPlace, type OverwriteMode, type SkipRule } from './overwrite-mode.ts';

/** What is to be done about a file of the transfer, as its target stands. */
export type Approach =
  | { does: 'skip' }
  | { does: 'refuse'; code: ErrorCode; what: string }
  | {
      does: 'receive';
      /** What stands there may have some of its chunks, or all. */
      compares: boolean;
      /** It is compared only because an equal file is skipped in every mode: another one is not to be replaced. */
      mayDiffer: boolean;
    };

/**
 * Decides by a look at the target alone.
 * @param standing what is there, symlinks not followed; undefined: nothing
 * @param isOneChunk the file has no more than one: of another size it surely differs
 * @param hasSameTime asked about a file of the same size only
 */
export function approach(
  standing: FileStatus | undefined,
  { size, isOneChunk }: { size: number; isOneChunk: boolean },
  { overwrite, skip }: { overwrite: OverwriteMode; skip: SkipRule },
  hasSameTime: (standing: FileStatus) => boolean,
): Approach {
  if (standing === undefined) return { does: 'receive', compares: false, mayDiffer: true };
  if (standing.kind === 'directory') return refuse('is-a-directory', 'a directory stands there');
  if (standing.kind === 'special') return refuse('special-file', 'a device, FIFO or socket stands there');
  const isFile = standing.kind === 'file';
  const isSameSize = isFile && standing.size === size;
  if (skip === 'by-status' && isSameSize && hasSameTime(standing)) return { does: 'skip' };
  const mayBeEqual = skip === 'by-digest' && isSameSize;
  const mayDiffer = !overwrite.endsWith('never');
  if (!mayDiffer && !mayBeEqual) return ALREADY_EXISTS;
  if (isInPlace(overwrite) && !isFile)
    return refuse('path-refused', 'a symlink stands there, and none is written through');
  if (overwrite === 'in-place-same-size' && !isSameSize && standing.size > 0) {
    return refuse('already-exists', 'a file of another size stands there; choose another overwrite mode');
  }
  const hasChunks = isFile && (isSameSize || (!isOneChunk && standing.size > 0));
  return { does: 'receive', compares: skip !== 'nothing' && hasChunks, mayDiffer };
}

/** In a mode that replaces nothing. */
export const ALREADY_EXISTS = refuse('already-exists', 'it exists and is not to be overwritten');

function refuse<Code extends ErrorCode>(
  code: Code,
  what: string,
): { does: 'refuse'; code: Code; what: string } {
  return { does: 'refuse', code, what };
}
