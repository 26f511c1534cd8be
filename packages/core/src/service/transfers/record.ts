import type { UserData } from '@jetstream/api';
import type { ErrorCode } from '@jetstream/protocol';
import type { OverwriteMode, SkipRule } from '@jetstream/storage';
import type { TransferTraffic } from '../../contract.ts';
import type { Owner } from '../owner.ts';
import type { FailureStreak } from './retry-policy.ts';
import type { TransferStatus } from './transfer-status.ts';
import type { KnownTimes } from './transfer-times.ts';

/** Failed files that are kept by name; fewer where their names are long: a stored object has a bound. */
export const MAX_FAILURES_KEPT = 100;
export const MAX_FAILURE_BYTES_KEPT = 128 * 1024;

/** How a transfer is carried out; does not change. */
export interface TransferRules {
  overwrite: OverwriteMode;
  skip: SkipRule;
  verify: boolean;
  preserve: boolean;
  readBack: boolean;
  /** null: no checkpoints. */
  checkpointFrequencySeconds: number | null;
}

/** How far a transfer has come in its present or last attempt. */
export interface TransferReach {
  totalBytes: number;
  totalFiles: number;
  filesDone: number;
  filesFailed: number;
  /** Of those that are done, what was there before the transfer; known at its end. */
  filesSkipped: number;
  /** The receiver has them; part of them it had before the transfer. */
  bytesAcked: number;
  bytesPresent: number;
  bytesDurable: number;
}

/** A file that was not copied. Names are escaped. */
export interface TransferFailure {
  source: string;
  target: string;
  errorCode: ErrorCode;
  errorMessage: string;
}

/** A transfer as it is stored: plain data. Times are µs since the Unix epoch. */
export interface TransferRecord extends Owner, KnownTimes {
  transferId: string;
  manifestId: string;
  destinationId: string;
  /** Prefix of every target path at the receiver. */
  destinationPath: string;
  /** That of the manifest. */
  symlinkMode: 'follow' | 'ignore';
  rules: TransferRules;
  /** Lower goes first. */
  priority: number;
  userData: UserData;
  status: TransferStatus;
  /** Why the last attempt failed, also while there will be another one. */
  errorCode: ErrorCode | null;
  errorMessage: string | null;
  attempts: number;
  streak: FailureStreak | null;
  nextAttemptTime: number | null;
  reach: TransferReach;
  /** In all its attempts. */
  traffic: TransferTraffic;
  failures: TransferFailure[];
}

/**
 * The same record, its fields in one order. V8 gives records that are spread together a hidden class each, and those that come out of
 * msgpack none, and looks up every field of thousands of them the slow way.
 */
export function inOneShape(record: TransferRecord): TransferRecord {
  return {
    transferId: record.transferId,
    manifestId: record.manifestId,
    destinationId: record.destinationId,
    owner: record.owner,
    ownerToken: record.ownerToken,
    ownerTokenSession: record.ownerTokenSession,
    destinationPath: record.destinationPath,
    symlinkMode: record.symlinkMode,
    rules: record.rules,
    priority: record.priority,
    userData: record.userData,
    requestTime: record.requestTime,
    queueTime: record.queueTime,
    startTime: record.startTime,
    endTime: record.endTime,
    snapshotTime: record.snapshotTime,
    status: record.status,
    errorCode: record.errorCode,
    errorMessage: record.errorMessage,
    attempts: record.attempts,
    streak: record.streak,
    nextAttemptTime: record.nextAttemptTime,
    reach: record.reach,
    traffic: record.traffic,
    failures: record.failures,
  };
}

export const NOTHING_REACHED: Readonly<TransferReach> = {
  totalBytes: 0,
  totalFiles: 0,
  filesDone: 0,
  filesFailed: 0,
  filesSkipped: 0,
  bytesAcked: 0,
  bytesPresent: 0,
  bytesDurable: 0,
};
