import { BLOCK_BYTES, OVERWRITE_MODES, type Transfer } from '@jetstream/api';
import type { TransferRecord } from './record.ts';
import type { TransferRun } from './transfer-run.ts';
import { isProcessing } from './transfer-status.ts';

/** A transfer as the API shows it. @param run the attempt under way, if there is one */
export function describeTransfer(
  record: TransferRecord,
  run: TransferRun | undefined,
  now: number,
): Transfer {
  const { rules } = record;
  const {
    totalBytes,
    totalFiles,
    filesDone,
    filesSkipped,
    filesFailed,
    bytesAcked,
    bytesPresent,
    bytesDurable,
  } = run?.reach ?? record.reach;
  const traffic = run?.traffic ?? record.traffic;
  const { contentBytesSent, contentBytesResent } = traffic;
  return {
    transferId: record.transferId,
    manifestId: record.manifestId,
    destinationId: record.destinationId,
    destinationPath: record.destinationPath,
    blockSize: BLOCK_BYTES,
    blocksSent: blocks(contentBytesSent + contentBytesResent),
    blocksAcked: bytesAcked >= totalBytes ? blocks(totalBytes) : Math.floor(bytesAcked / BLOCK_BYTES),
    blocksRetransmitted: blocks(contentBytesResent),
    totalBlocks: blocks(totalBytes),
    bytesSent: traffic.bytesSent,
    bytesRecv: traffic.bytesReceived,
    totalBytes,
    packetsSent: traffic.packetsSent,
    packetsRecv: traffic.packetsReceived,
    checkpointFrequencySeconds: rules.checkpointFrequencySeconds,
    priority: record.priority,
    requestTime: record.requestTime,
    queueTime: record.queueTime,
    startTime: record.startTime,
    endTime: record.endTime,
    snapshotTime: now,
    status: record.status,
    processing: isProcessing(record.status),
    errorMessage: record.errorMessage,
    owner: record.owner,
    ownerToken: record.ownerToken,
    ownerTokenSession: record.ownerTokenSession,
    overwriteMode: OVERWRITE_MODES.indexOf(rules.overwrite),
    symlinkMode: record.symlinkMode,
    skipRule: rules.skip,
    verify: rules.verify,
    preserve: rules.preserve,
    readBack: rules.readBack,
    attempts: record.attempts,
    nextAttemptTime: record.nextAttemptTime,
    errorCode: record.errorCode,
    filesDone,
    filesSkipped,
    filesFailed,
    totalFiles,
    bytesPresent,
    bytesDurable,
    rate: Math.round((run?.progress.rateBitsPerSecond ?? 0) / 1_000),
    rtt: run?.progress.rttMs || null,
    limiter: run?.progress.waitsFor || run?.progress.limiter || null,
    failures: [...(run?.failures ?? record.failures)],
    userData: { ...record.userData },
  };
}

/** A block of the interface is a measure: what goes over the network is cut otherwise. */
function blocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES);
}
