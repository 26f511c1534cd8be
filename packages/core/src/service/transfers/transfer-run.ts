import { escapeName } from '@jetstream/manifest';
import type { JetStreamError } from '@jetstream/protocol';
import { asJetStreamError } from '../../content/failure.ts';
import type { FileOutcome, Transfer, TransferSummary, TransferTraffic } from '../../contract.ts';
import {
  MAX_FAILURE_BYTES_KEPT,
  MAX_FAILURES_KEPT,
  type TransferFailure,
  type TransferReach,
  type TransferRecord,
} from './record.ts';

/** How an attempt ended. */
export type RunOutcome =
  | { summary: TransferSummary }
  | {
      error: JetStreamError;
      /** There may be another attempt, whatever the code says. */
      mayPass?: boolean;
    };

/** One attempt at a transfer. */
export class TransferRun {
  /** Resolves when nothing of it runs any more. */
  readonly outcome: Promise<RunOutcome>;
  readonly failures: TransferFailure[] = [];
  readonly #upload: Transfer;
  readonly #before: TransferRecord;
  #failureBytes = 0;
  #summary: TransferSummary | undefined;

  /** @param onProgress called some five times a second */
  constructor(upload: Transfer, before: TransferRecord, onProgress: () => void) {
    this.#upload = upload;
    this.#before = before;
    this.outcome = upload.done.then(
      (summary) => {
        this.#summary = summary;
        return { summary };
      },
      (error) => ({ error: asJetStreamError(error) }),
    );
    upload.on('file', (file) => this.#onFile(file));
    upload.on('progress', onProgress);
  }

  get progress(): Transfer['progress'] {
    return this.#upload.progress;
  }

  get reach(): TransferReach {
    const { progress } = this.#upload;
    const { totalsFinal } = progress;
    const before = this.#before.reach;
    return {
      // The manifest is known to the last byte; the attempt finds it again bit by bit.
      totalBytes: totalsFinal ? progress.totalBytes : Math.max(before.totalBytes, progress.totalBytes),
      totalFiles: totalsFinal ? progress.totalFiles : Math.max(before.totalFiles, progress.totalFiles),
      filesDone: progress.filesDone,
      filesFailed: progress.filesFailed,
      // What an earlier attempt has brought over was not there before the transfer.
      filesSkipped: Math.max(
        0,
        (this.#summary?.skippedFiles ?? 0) - (before.filesDone - before.filesSkipped),
      ),
      bytesAcked: progress.ackedBytes,
      bytesPresent: Math.max(
        0,
        (this.#summary ?? progress).presentBytes - (before.bytesAcked - before.bytesPresent),
      ),
      bytesDurable: progress.durableBytes,
    };
  }

  /** Earlier attempts included. */
  get traffic(): TransferTraffic {
    const { traffic: before } = this.#before;
    const { traffic } = this.#upload.progress;
    return {
      bytesSent: before.bytesSent + traffic.bytesSent,
      bytesReceived: before.bytesReceived + traffic.bytesReceived,
      packetsSent: before.packetsSent + traffic.packetsSent,
      packetsReceived: before.packetsReceived + traffic.packetsReceived,
      contentBytesSent: before.contentBytesSent + traffic.contentBytesSent,
      contentBytesResent: before.contentBytesResent + traffic.contentBytesResent,
    };
  }

  /** The receiver has taken something that no attempt before this one had come to. */
  get hasComeOn(): boolean {
    const { filesDone, durableBytes } = this.#upload.progress;
    const { reach } = this.#before;
    return filesDone > reach.filesDone || durableBytes > reach.bytesDurable;
  }

  stop(): void {
    this.#upload.cancel();
  }

  #onFile({ source, target, error }: FileOutcome): void {
    if (error === undefined || this.failures.length >= MAX_FAILURES_KEPT) return;
    const failure = {
      source: escapeName(source),
      target: escapeName(target),
      errorCode: error.code,
      errorMessage: escapeName(error.message),
    };
    const bytes = Buffer.byteLength(JSON.stringify(failure));
    if (this.#failureBytes + bytes > MAX_FAILURE_BYTES_KEPT) return;
    this.#failureBytes += bytes;
    this.failures.push(failure);
  }
}
