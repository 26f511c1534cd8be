import type { FileOutcome, TransferProgress, TransferSummary } from '@jetstream/core';
import { ERROR_CODES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { printable } from '../printable.ts';

/** A transfer of another server, as far as it is shown: each value of the kind and in the range that it has to have. */
export interface FarTransfer {
  status: 'pending' | 'inProgress' | 'complete' | 'error' | 'suspended' | 'cancelled';
  attempts: number;
  errorCode: ErrorCode | undefined;
  errorMessage: string;
  /** The first hundred. */
  failures: FileOutcome[];
  /** From the request to the end, or to now. */
  elapsedMs: number;
  progress: TransferProgress;
  filesSkipped: number;
}

const STATUSES = ['pending', 'inProgress', 'complete', 'error', 'suspended', 'cancelled'] as const;
const BLOCK_BYTES = 256;
const MAX_FAILURES = 100;

/**
 * Reads a Transfer of docs/API.md.
 * @throws JetStreamError `protocol-violation` for something else
 */
export function readFarTransfer(value: unknown): FarTransfer {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const status = STATUSES.find((name) => name === fields.status);
  if (status === undefined) {
    throw new JetStreamError('protocol-violation', 'what the server says of the transfer cannot be read');
  }
  const number = (name: string) => count(fields[name]);
  const since = number('requestTime');
  const elapsedMs = Math.max(0, ((number('endTime') || number('snapshotTime')) - since) / 1_000);
  const failures = Array.isArray(fields.failures)
    ? fields.failures.slice(0, MAX_FAILURES).map(readFailure)
    : [];
  const errorCode = fields.errorCode === null ? undefined : readErrorCode(fields.errorCode);
  const errorMessage = text(fields.errorMessage);
  const attempts = number('attempts');
  const totalBytes = number('totalBytes');
  const ackedBytes = Math.min(totalBytes, number('blocksAcked') * BLOCK_BYTES);
  const rateBitsPerSecond = number('rate') * 1_000;
  const [blocksSent, blocksResent] = [number('blocksSent'), number('blocksRetransmitted')];
  return {
    status,
    attempts,
    errorCode,
    errorMessage,
    failures,
    elapsedMs,
    filesSkipped: number('filesSkipped'),
    progress: {
      state: stateOf(status, errorCode, totalBytes > 0 && ackedBytes === totalBytes),
      waitsFor: waitsFor(status, errorMessage, printable(text(fields.limiter))),
      limiter: undefined,
      totalsFinal: status !== 'pending' || attempts > 0,
      totalBytes,
      totalFiles: number('totalFiles'),
      ackedBytes,
      durableBytes: number('bytesDurable'),
      presentBytes: number('bytesPresent'),
      filesDone: number('filesDone'),
      filesFailed: number('filesFailed'),
      rateBitsPerSecond,
      etaSeconds: rateBitsPerSecond > 0 ? ((totalBytes - ackedBytes) * 8) / rateBitsPerSecond : undefined,
      ratePolicy: undefined,
      rttMs: number('rtt'),
      // Of blocks; packets that were lost are known to the servers alone.
      lossShare: blocksSent > 0 ? Math.min(1, blocksResent / blocksSent) : 0,
      traffic: {
        bytesSent: number('bytesSent'),
        bytesReceived: number('bytesRecv'),
        packetsSent: number('packetsSent'),
        packetsReceived: number('packetsRecv'),
        contentBytesSent: Math.max(0, blocksSent - blocksResent) * BLOCK_BYTES,
        contentBytesResent: blocksResent * BLOCK_BYTES,
      },
      elapsedMs,
      currentFile: undefined,
    },
  };
}

/** Of one that ran to its end. @param totalDirectories of its manifest */
export function summaryOf(transfer: FarTransfer, totalDirectories: unknown): TransferSummary {
  const { progress, filesSkipped, elapsedMs, failures } = transfer;
  return {
    files: progress.filesDone,
    skippedFiles: filesSkipped,
    directories: count(totalDirectories),
    bytes: progress.durableBytes,
    presentBytes: progress.presentBytes,
    failed: progress.filesFailed,
    elapsedMs,
    failures,
  };
}

function stateOf(
  status: FarTransfer['status'],
  errorCode: ErrorCode | undefined,
  isAllAcked: boolean,
): TransferProgress['state'] {
  switch (status) {
    case 'pending':
      return errorCode === undefined ? 'connecting' : 'reconnecting';
    case 'suspended':
      return 'reconnecting';
    case 'inProgress':
      return isAllAcked ? 'finishing' : 'transferring';
    default:
      return status;
  }
}

function waitsFor(status: FarTransfer['status'], errorMessage: string, limiter: string): string {
  if (status === 'pending') return printable(errorMessage) || 'its turn in the queue';
  return status === 'suspended' ? 'somebody to resume it' : limiter;
}

function readFailure(value: unknown): FileOutcome {
  const { source, target, errorCode, errorMessage } = (value ?? {}) as Record<string, unknown>;
  return {
    source: text(source),
    target: text(target),
    bytes: 0,
    error: { code: readErrorCode(errorCode), message: text(errorMessage) },
  };
}

/** Those of newer servers count as `internal`. */
function readErrorCode(value: unknown): ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value) ? (value as ErrorCode) : 'internal';
}

function count(value: unknown): number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : 0;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
