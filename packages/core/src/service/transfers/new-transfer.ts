import type { UserData } from '@jetstream/api';
import { NO_TRAFFIC } from '../../content/connection-traffic.ts';
import type { ManifestRecord } from '../manifests/record.ts';
import type { Owner } from '../owner.ts';
import { NOTHING_REACHED, type TransferReach, type TransferRecord, type TransferRules } from './record.ts';

/** What a transfer is made of. */
export interface TransferRequest extends TransferRules {
  destinationId: string;
  manifestId: string;
  destinationPath: string;
  priority: number;
  userData: UserData;
}

/** A transfer that nothing has happened to. @param requestTime µs since the Unix epoch */
export function newTransfer(
  transferId: string,
  requestTime: number,
  { destinationId, manifestId, destinationPath, priority, userData, ...rules }: TransferRequest,
  owner: Owner,
  manifest: ManifestRecord,
): TransferRecord {
  return {
    transferId,
    manifestId,
    destinationId,
    ...owner,
    destinationPath,
    symlinkMode: manifest.symlinkMode,
    rules,
    priority,
    userData,
    requestTime,
    queueTime: requestTime,
    startTime: null,
    endTime: null,
    snapshotTime: null,
    status: 'pending',
    errorCode: null,
    errorMessage: null,
    attempts: 0,
    streak: null,
    nextAttemptTime: null,
    reach: reachOf(manifest),
    traffic: NO_TRAFFIC,
    failures: [],
  };
}

/** Before the first attempt. */
export function reachOf({ totalSize, totalFiles }: ManifestRecord): TransferReach {
  return { ...NOTHING_REACHED, totalBytes: totalSize ?? 0, totalFiles: totalFiles ?? 0 };
}
