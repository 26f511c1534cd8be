import { EntryKind, errorCodeFromWire, errorCodeToWire, JetStreamError, type TransferMessage } from '@jetstream/protocol';
import type { FileOutcome } from '../contract.ts';
import type { TransferHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import type { EntryOutcome, SealedBlock } from '../storage/storage-operations.ts';
import type { WriterStep } from '../storage/storage-session.ts';

/** Blocks held in memory between socket and disk; the transport grows its window up to this by need. */
const MAX_HELD_BLOCKS = 128;
const PROGRESS_INTERVAL_MS = 250;
/** Results in one message: with the longest error text it stays below the message limit. */
const RESULTS_PER_MESSAGE = 200;
/** Digests that arrived ahead of their blocks; more is a peer that does not keep its order. */
const MAX_DIGESTS_AHEAD = 65_536;

export interface ContentReceiverObserver {
  onTotals(totals: { files: number; bytes: number; final: boolean }): void;
  onDirectory(): void;
  onFile(outcome: FileOutcome): void;
  onProgress(writtenBytes: number, durableBytes: number): void;
  onComplete(): void;
  onFailed(error: JetStreamError): void;
}

/**
 * Receives a tree: manifest → places, block + digests → disk, finished files → durable under their names → results.
 * The same at a server that is uploaded to and at a client that downloads.
 */
export class ContentReceiver implements TransferHandler {
  readonly #port: TransferPort;
  readonly #storage: StorageHost;
  readonly #observer: ContentReceiverObserver;
  readonly #digests = new Map<number, Uint8Array>();
  readonly #waiting = new Map<number, Uint8Array>();
  readonly #progressTimer: NodeJS.Timeout;
  #entries = 0;
  #files = 0;
  #bytes = 0;
  #settled = 0;
  #manifestEnded = false;
  #writtenBytes = 0;
  #durableBytes = 0;
  #filesDone = 0;
  #failed = 0;
  #committing = false;
  #commitWanted = false;
  #over = false;

  constructor(port: TransferPort, storage: StorageHost, observer: ContentReceiverObserver) {
    this.#port = port;
    this.#storage = storage;
    this.#observer = observer;
    this.#progressTimer = setInterval(() => this.#sendProgress(), PROGRESS_INTERVAL_MS);
  }

  /** Begins; the storage worker has its writer open already. */
  start(): void {
    this.#port.connection.openBulkReceiver(this.#port.transfer, MAX_HELD_BLOCKS);
    this.#port.wake();
  }

  onMessage(message: TransferMessage): void | Promise<void> {
    if (this.#over) return;
    const { body } = message;
    switch (body?.$case) {
      case 'manifestBatch':
        return this.#guard(async () => {
          for (const entry of body.value.entries) {
            this.#entries++;
            this.#files += Number(entry.kind === EntryKind.FILE);
            this.#bytes += entry.size;
          }
          this.#observer.onTotals({ files: this.#files, bytes: this.#bytes, final: false });
          this.#onStep(await this.#storage.call('addEntries', body.value.firstIndex, body.value.entries));
        });
      case 'manifestEnd':
        return this.#guard(async () => {
          if (body.value.entries !== this.#entries) {
            throw new JetStreamError('protocol-violation', `the manifest ended after ${this.#entries} of ${body.value.entries} entries`);
          }
          this.#onStep(await this.#storage.call('endManifest'));
          this.#manifestEnded = true;
          this.#observer.onTotals({ files: this.#files, bytes: this.#bytes, final: true });
          this.#commit();
        });
      case 'blockDigests':
        this.#onDigests(body.value.block, body.value.digests);
        return;
      case 'entryFailed':
        return this.#guard(async () => {
          const { index, errorCode, message: text } = body.value;
          this.#onStep(await this.#storage.call('failEntry', index, errorCodeFromWire(errorCode), text));
          this.#commit();
        });
      case 'sourceProblem': {
        const { source, errorCode, message: text } = body.value;
        this.#failed++;
        this.#observer.onFile({ source, target: '', bytes: 0, error: { code: errorCodeFromWire(errorCode), message: text } });
        return;
      }
      case 'failed':
        this.#fail(new JetStreamError(errorCodeFromWire(body.value.errorCode), body.value.message, { subject: body.value.subject }));
        return;
      default:
        throw new JetStreamError('protocol-violation', `a sender of content may not send ${body?.$case ?? 'an empty message'}`);
    }
  }

  onBlockReceived(block: number, bytes: Uint8Array): void {
    const digests = this.#digests.get(block);
    if (digests === undefined) this.#waiting.set(block, bytes);
    else this.#write(block, bytes, digests);
  }

  onClosed(error: JetStreamError): void {
    this.#fail(error);
  }

  stop(): void {
    this.#over = true;
    clearInterval(this.#progressTimer);
  }

  #onDigests(block: number, digests: Uint8Array): void {
    if (this.#digests.size >= MAX_DIGESTS_AHEAD) {
      throw new JetStreamError('protocol-violation', 'the sender announced digests of too many blocks ahead of their content');
    }
    this.#digests.set(block, digests);
    const bytes = this.#waiting.get(block);
    if (bytes === undefined) return;
    this.#waiting.delete(block);
    this.#write(block, bytes, digests);
  }

  #write(block: number, bytes: Uint8Array, digests: Uint8Array): void {
    this.#digests.delete(block);
    void this.#guard(async () => {
      const written = await this.#storage.call('writeBlock', block, bytes, digests);
      if (this.#over) return;
      this.#port.connection.releaseBlock(this.#port.transfer, block, written.mismatch);
      if (written.mismatch) this.#port.send({ $case: 'blockRequest', value: { block } });
      else this.#writtenBytes += bytes.byteLength;
      this.#onStep(written);
      this.#port.wake();
      this.#commit();
    });
  }

  /** Makes finished files durable, one commit at a time; what finishes meanwhile goes into the next. */
  #commit(): void {
    if (this.#committing) {
      this.#commitWanted = true;
      return;
    }
    this.#committing = true;
    void this.#guard(async () => {
      do {
        this.#commitWanted = false;
        this.#onStep(await this.#storage.call('commitReady'));
      } while (this.#commitWanted && !this.#over);
      this.#committing = false;
      if (!this.#over && this.#manifestEnded && this.#settled === this.#entries) await this.#finish();
    });
  }

  async #finish(): Promise<void> {
    this.stop();
    await this.#storage.call('finish');
    this.#sendProgress();
    this.#port.send({ $case: 'complete', value: { files: this.#filesDone, bytes: this.#durableBytes, failed: this.#failed } });
    this.#observer.onComplete();
  }

  #onStep(step: WriterStep): void {
    if (this.#over) return;
    for (const { block, byteLength } of step.sealedBlocks) this.#expect({ block, byteLength });
    this.#report(step.results);
  }

  #expect({ block, byteLength }: SealedBlock): void {
    this.#port.connection.expectBlock(this.#port.transfer, block, byteLength);
    this.#port.wake();
  }

  #report(results: readonly (EntryOutcome & { kind: 'file' | 'directory'; targetPath: string; size: number })[]): void {
    for (const result of results) {
      this.#settled++;
      if (result.code !== 'none') this.#failed++;
      else if (result.kind === 'file') {
        this.#filesDone++;
        this.#durableBytes += result.size;
      }
      if (result.kind === 'directory' && result.code === 'none') this.#observer.onDirectory();
      else {
        const outcome: FileOutcome = { source: '', target: result.targetPath, bytes: result.size };
        if (result.code === 'none') outcome.digest = Buffer.from(result.digest).toString('hex');
        else outcome.error = { code: result.code, message: result.message };
        this.#observer.onFile(outcome);
      }
    }
    for (let at = 0; at < results.length; at += RESULTS_PER_MESSAGE) {
      this.#port.send({
        $case: 'entryResults',
        value: {
          results: results.slice(at, at + RESULTS_PER_MESSAGE).map(({ index, code, message, digest }) => ({
            index,
            errorCode: errorCodeToWire(code),
            message,
            digest,
          })),
        },
      });
    }
  }

  #sendProgress(): void {
    this.#observer.onProgress(this.#writtenBytes, this.#durableBytes);
    this.#port.send({
      $case: 'receiverProgress',
      value: { writtenBytes: this.#writtenBytes, durableBytes: this.#durableBytes, filesDone: this.#filesDone },
    });
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#observer.onFailed(
      error instanceof JetStreamError
        ? error
        : new JetStreamError('internal', error instanceof Error ? error.message : String(error), { cause: error }),
    );
  }
}
