import { escapeName } from '@jetstream/manifest';
import { ERROR_CODES, JetStreamError } from '@jetstream/protocol';
import type { TransferFailure, TransferReach, TransferRecord } from './record.ts';
import { mayRetry } from './retry-policy.ts';
import type { RunOutcome, TransferRun } from './transfer-run.ts';
import { nextStatus } from './transfer-status.ts';

type Run = Pick<TransferRun, 'reach' | 'traffic' | 'failures' | 'hasComeOn'>;

/** What a transfer is after an attempt that was stopped; one that had ended before that has ended. */
export function afterStop(
  record: TransferRecord,
  run: Run,
  outcome: RunOutcome,
  now: number,
): TransferRecord {
  if (!('summary' in outcome)) return withCounts(record, run);
  const error = errorOf(run, outcome);
  return error === undefined ? finished(record, run, now) : failed(withCounts(record, run), error, now);
}

/** What a transfer is after an attempt. @param delayUs how long the next one would have to wait, by failures on end */
export function afterOutcome(
  record: TransferRecord,
  run: Run,
  outcome: RunOutcome,
  now: number,
  delayUs: (failures: number) => number,
): TransferRecord {
  const error = errorOf(run, outcome);
  if (error === undefined) return finished(record, run, now);
  const counted = withCounts(record, run);
  const retryable = error.retryable || ('error' in outcome && outcome.mayPass === true);
  return afterFailure(counted, { error, retryable, hasComeOn: run.hasComeOn }, now, delayUs);
}

/** What a transfer is whose owner's account may not be used: it waits for that, as it does for a destination. */
export function afterRefusal(
  record: TransferRecord,
  now: number,
  delayUs: (failures: number) => number,
): TransferRecord {
  const error = outOfUse(record);
  return afterFailure(record, { error, retryable: true, hasComeOn: false }, now, delayUs);
}

/** Why nothing is sent for the owner. */
export function outOfUse({ owner }: Pick<TransferRecord, 'owner'>): JetStreamError {
  return new JetStreamError('login-refused', `the account ${owner} may not be used on this server any more`, {
    subject: owner,
  });
}

function afterFailure(
  record: TransferRecord,
  { error, retryable, hasComeOn }: { error: JetStreamError; retryable: boolean; hasComeOn: boolean },
  now: number,
  delayUs: (failures: number) => number,
): TransferRecord {
  const streak = {
    failures: hasComeOn ? 1 : (record.streak?.failures ?? 0) + 1,
    since: hasComeOn ? now : (record.streak?.since ?? now),
  };
  if (!mayRetry({ retryable }, streak, now)) return failed({ ...record, streak }, error, now);
  return {
    ...record,
    streak,
    status: nextStatus(record.transferId, record.status, 'putOff'),
    ...told(error),
    nextAttemptTime: now + delayUs(streak.failures),
  };
}

/** It has failed for good. */
export function failed(record: TransferRecord, error: JetStreamError, now: number): TransferRecord {
  const status = nextStatus(record.transferId, record.status, 'giveUp');
  return { ...record, status, ...told(error), endTime: now, nextAttemptTime: null };
}

function errorOf(run: Run, outcome: RunOutcome): JetStreamError | undefined {
  if ('error' in outcome) return outcome.error;
  const { failed: count } = outcome.summary;
  return count > 0 ? filesFailed(run, count) : undefined;
}

function finished(record: TransferRecord, run: Run, now: number): TransferRecord {
  const status = nextStatus(record.transferId, record.status, 'finish');
  const counted = { ...withCounts(record, run), streak: null };
  return { ...counted, status, errorCode: null, errorMessage: null, endTime: now };
}

function withCounts(record: TransferRecord, run: Run): TransferRecord {
  const { reach, traffic, failures } = run;
  return { ...record, reach: furthest(record.reach, reach), traffic, failures: [...failures] };
}

/** An attempt that goes over old ground does not set a transfer back. */
function furthest(before: TransferReach, after: TransferReach): TransferReach {
  return {
    ...after,
    filesDone: Math.max(before.filesDone, after.filesDone),
    filesSkipped: Math.max(before.filesSkipped, after.filesSkipped),
    bytesAcked: Math.max(before.bytesAcked, after.bytesAcked),
    bytesPresent: Math.max(before.bytesPresent, after.bytesPresent),
    bytesDurable: Math.max(before.bytesDurable, after.bytesDurable),
  };
}

/** Of one cause that may pass, a full disk for example, when all failed of such: then the transfer is tried again. */
function filesFailed({ reach, failures }: Run, count: number): JetStreamError {
  const [first] = failures;
  const mayPass = first !== undefined && failures.every(({ errorCode }) => ERROR_CODES[errorCode].retryable);
  const example = first === undefined ? '' : `, among them ${named(first)}`;
  // What was not found to send is in no total.
  const total = Math.max(reach.totalFiles, reach.filesDone + count);
  return new JetStreamError(
    mayPass ? first.errorCode : 'transfer-failed',
    `${count} of ${total} files failed${example}; once the cause is gone resume the transfer: files that are done are skipped`,
  );
}

function named({ source, target, errorMessage }: TransferFailure): string {
  const name = target || source;
  return errorMessage.startsWith(name) ? errorMessage : `${name}: ${errorMessage}`;
}

function told(error: JetStreamError): Pick<TransferRecord, 'errorCode' | 'errorMessage'> {
  return { errorCode: error.code, errorMessage: escapeName(error.message) };
}
