import type { Manifest } from '@jetstream/api';
import type { ManifestRecord } from './record.ts';

/** A manifest as the API shows it. */
export function describeManifest(record: ManifestRecord): Manifest {
  const { manifestId, status, errorCode, errorMessage, totalFiles, totalDirectories, totalSize } = record;
  const { owner, ownerToken, ownerTokenSession, userData, symlinkMode, requestTime } = record;
  return {
    manifestId,
    status,
    processing: status === 'pending',
    errorCode,
    errorMessage,
    totalFiles,
    totalDirectories,
    totalSize,
    owner,
    ownerToken,
    ownerTokenSession,
    userData: { ...userData },
    symlinkMode,
    creationTime: requestTime,
  };
}
