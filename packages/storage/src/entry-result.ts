import { displayPath } from '@jetstream/manifest';
import type { ErrorCode } from '@jetstream/protocol';
import type { TargetFile } from './target-file.ts';
import { componentsOf } from './target-tree.ts';
import type { EntryResult } from './tree-writer.ts';

export const NO_DIGEST: Uint8Array = new Uint8Array(0);

export function success(kind: EntryResult['kind'], index: number, target: string): EntryResult {
  return { index, kind, code: 'none', message: '', target, bytes: 0, digest: NO_DIGEST, skipped: false };
}

export function failure(result: Omit<EntryResult, 'bytes' | 'digest' | 'skipped'>): EntryResult {
  return { ...result, bytes: 0, digest: NO_DIGEST, skipped: false };
}

export function digestMismatch({ directory, name }: TargetFile): { code: ErrorCode; message: string } {
  const shown = displayPath(componentsOf(directory, name));
  return {
    code: 'digest-mismatch',
    message: `${shown}: content differs from its digest, twice; run the copy again`,
  };
}
