import {
  type BlockDigests,
  EntryKind,
  errorCodeFromWire,
  errorCodeToWire,
  JetStreamError,
  ReceiverActivity,
  type TransferMessage,
} from '@jetstream/protocol';
import type { EntryResult, WriterProgress } from '@jetstream/storage';
import type { FileOutcome, LimiterName } from '../contract.ts';
import type { TransferHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import type { WriterStep } from '../storage/storage-session.ts';
import { asJetStreamError } from './failure.ts';
import { limiterFromWire } from './transfer-limiter.ts';
import type { TransferTotals } from './transfer-totals.ts';

/** Blocks held in memory between socket and disk; the transport grows its window by need, as far as its memory goes. */
const MAX_HELD_BLOCKS = 1_024;
const PROGRESS_INTERVAL_MS = 250;
/** Results in one message: with the longest error text it stays below the message limit. */
const RESULTS_PER_MESSAGE = 50;
/** Files made durable in one call of the storage worker: many, because one sync does for all; not more, so that blocks get their turn in between. */
const ENTRIES_PER_COMMIT = 2_048;
/** Digests that arrived ahead of their blocks; more is a peer that does not keep its order. */
const MAX_DIGESTS_AHEAD = 4_096;

export interface ContentReceiverObserver {
  onTotals(totals: TransferTotals): void;
  onFile(outcome: FileOutcome): void;
  /** Something else holds the transfer now, as the sender finds. */
  onLimiter(limiter: LimiterName | undefined): void;
  onProgress(writtenBytes: number, durableBytes: number): void;
  onComplete(): void;
  onFailed(error: JetStreamError): void;
}

/**
 * Receives a tree: manifest → places, digests then block → disk, finished files → durable under their names → results.
 * The same at a server that is uploaded to and at a client that downloads.
 */
export class ContentReceiver implements TransferHandler {
  readonly #port: TransferPort;
  readonly #storage: StorageHost;
  readonly #observer: ContentReceiverObserver;
  readonly #announced = new Map<number, { digests: Uint8Array; uses: Uint8Array | undefined }>();
  readonly #progressTimer: NodeJS.Timeout;
  #progress: WriterProgress = {
    writtenBytes: 0,
    durableBytes: 0,
    filesDone: 0,
    failed: 0,
    presentBytes: 0,
    activity: undefined,
  };
  #totals: TransferTotals = { files: 0, directories: 0, bytes: 0, final: false };
  #committing = false;
  #awaitsAnswer = false;
  #over = false;

  /** Takes blocks from now on; until the storage worker has its writer open, they and the manifest wait. */
  constructor(port: TransferPort, storage: StorageHost, observer: ContentReceiverObserver) {
    this.#port = port;
    this.#storage = storage;
    this.#observer = observer;
    this.#progressTimer = setInterval(() => this.#sendProgress(), PROGRESS_INTERVAL_MS);
    port.connection.openBulkReceiver(port.transfer, MAX_HELD_BLOCKS);
  }

  onMessage(message: TransferMessage): void | Promise<void> {
    const { body } = message;
    if (this.#awaitsAnswer && body?.$case === 'complete') this.#onAnswered();
    if (this.#over) return;
    switch (body?.$case) {
      case 'manifestBatch': {
        const { firstIndex, entries } = body.value;
        for (const { kind, size } of entries) {
          if (kind === EntryKind.DIRECTORY) this.#totals.directories++;
          else this.#totals.files++;
          this.#totals.bytes += size;
        }
        this.#observer.onTotals(this.#totals);
        return this.#run(() => this.#storage.call('addEntries', firstIndex, entries));
      }
      case 'manifestEnd':
        this.#totals.final = true;
        this.#observer.onTotals(this.#totals);
        return this.#run(() => this.#storage.call('endManifest', body.value.entries));
      case 'blockDigests':
        this.#onDigests(body.value);
        return;
      case 'holeRun':
        return this.#run(() => this.#storage.call('addHoles', body.value));
      case 'senderProgress':
        this.#observer.onLimiter(limiterFromWire(body.value.limiter));
        return;
      case 'entryFailed': {
        const { index, errorCode, message: text } = body.value;
        return this.#run(() => this.#storage.call('failEntry', index, errorCodeFromWire(errorCode), text));
      }
      case 'sourceProblem': {
        const { source, errorCode, message: text } = body.value;
        this.#observer.onFile({
          source,
          target: '',
          bytes: 0,
          error: { code: errorCodeFromWire(errorCode), message: text },
        });
        return;
      }
      case 'failed': {
        const { errorCode, message: text, subject } = body.value;
        this.#fail(new JetStreamError(errorCodeFromWire(errorCode), text, { subject }));
        return;
      }
      default:
        throw new JetStreamError(
          'protocol-violation',
          `a sender of content may not send ${body?.$case ?? 'an empty message'}`,
        );
    }
  }

  /** Its digests are here already: without them the connection does not know its length and never calls it complete. */
  onBlockReceived(block: number, bytes: Uint8Array): void {
    const { digests, uses } = this.#announced.get(block)!;
    this.#announced.delete(block);
    void this.#run(async () => {
      let chunks: number[] = [];
      try {
        const written = await this.#storage.call('writeBlock', block, bytes, digests, uses);
        if (!this.#over) chunks = written.wantedChunks;
        return written;
      } finally {
        this.#port.connection.releaseBlock(this.#port.transfer, block, chunks.length > 0);
        if (chunks.length > 0) this.#port.send({ $case: 'blockRequest', value: { block, chunks } });
      }
    });
  }

  onClosed(error: JetStreamError): void {
    // All is durable: a peer that leaves without its answer changes nothing.
    if (this.#awaitsAnswer) this.#onAnswered();
    else this.#fail(error);
  }

  stop(): void {
    this.#over = true;
    clearInterval(this.#progressTimer);
  }

  #onDigests({ block, byteLength, digests, uses }: BlockDigests): void {
    if (this.#announced.size >= MAX_DIGESTS_AHEAD) {
      throw new JetStreamError(
        'protocol-violation',
        'the sender announced digests of too many blocks ahead of their content',
      );
    }
    this.#announced.set(block, { digests, uses: uses.byteLength === 0 ? undefined : uses });
    this.#port.connection.expectBlock(this.#port.transfer, block, byteLength);
  }

  /** Runs one step of the writer and deals with what it says. */
  async #run(work: () => Promise<WriterStep>): Promise<void> {
    try {
      const step = await work();
      if (this.#over) return;
      this.#progress = step.progress;
      this.#report(step.results);
      if (step.readyEntries > 0) this.#commit();
      else if (step.settled && !this.#committing) await this.#finish();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Makes finished files durable, one commit at a time; what finishes meanwhile goes into the next. */
  #commit(): void {
    if (this.#committing) return;
    this.#committing = true;
    void this.#run(async () => {
      const step = await this.#storage.call('commitReady', ENTRIES_PER_COMMIT);
      this.#committing = false;
      return step;
    });
  }

  async #finish(): Promise<void> {
    this.stop();
    await this.#storage.call('finish');
    this.#sendProgress();
    const { filesDone, durableBytes, failed } = this.#progress;
    this.#port.send({
      $case: 'complete',
      value: { files: filesDone, bytes: durableBytes, failed },
    });
    this.#awaitsAnswer = true;
  }

  /** The sender knows that all is done (TR-5). */
  #onAnswered(): void {
    this.#awaitsAnswer = false;
    this.#observer.onComplete();
  }

  #report(results: readonly EntryResult[]): void {
    for (const { kind, code, message, target, bytes, digest } of results) {
      if (kind === 'directory' && code === 'none') continue;
      const outcome: FileOutcome = { source: '', target, bytes };
      if (code === 'none') outcome.digest = Buffer.from(digest).toString('hex');
      else outcome.error = { code, message };
      this.#observer.onFile(outcome);
    }
    for (let at = 0; at < results.length; at += RESULTS_PER_MESSAGE) {
      const part = results.slice(at, at + RESULTS_PER_MESSAGE);
      this.#port.send({
        $case: 'entryResults',
        value: {
          results: part.map(({ index, code, message, digest, skipped }) => ({
            index,
            errorCode: errorCodeToWire(code),
            message,
            digest,
            skipped,
          })),
        },
      });
    }
  }

  #sendProgress(): void {
    const { writtenBytes, durableBytes, filesDone } = this.#progress;
    this.#observer.onProgress(writtenBytes, durableBytes);
    this.#port.send({
      $case: 'receiverProgress',
      value: {
        writtenBytes,
        durableBytes,
        filesDone,
        presentBytes: 0,
        activity: ReceiverActivity.UNSPECIFIED,
      },
    });
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#observer.onFailed(asJetStreamError(error));
  }
}
