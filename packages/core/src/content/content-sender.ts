import { JetStreamError, type ReceivedBody, type TransferComplete } from '@jetstream/protocol';
import type { Limiter } from '@jetstream/transport';
import type { BlockMemory } from '../block-memory.ts';
import type { LimiterName } from '../contract.ts';
import type { ContentHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import { BlockSender } from './block-sender.ts';
import type { ContentObserver } from './content-observer.ts';
import { asJetStreamError, failureFromWire } from './failure.ts';
import { fileOutcomes } from './file-outcomes.ts';
import { ManifestSender } from './manifest-sender.ts';
import { activityFromWire } from './receiver-activity.ts';
import type { SourceList } from './source-list.ts';
import { LIMITER_NAMES, limiterToWire } from './transfer-limiter.ts';

export interface ContentSenderObserver extends ContentObserver {
  /** Content of this file is sent now. */
  onFileBegun(source: string): void;
}

/**
 * Sends a tree: scan → manifest messages, and in parallel read block → digests → bulk data. Each stage runs ahead of the
 * next by a bounded amount. The same at a client that uploads and at a server that is downloaded from.
 */
export class ContentSender implements ContentHandler {
  readonly #port: TransferPort;
  readonly #storage: StorageHost;
  readonly #observer: ContentSenderObserver;
  readonly #manifest: ManifestSender;
  readonly #blocks: BlockSender;
  #transportLimiter: Limiter = 'none';
  #limiter: LimiterName | undefined;
  #over = false;

  /** @param list what to send, instead of all that the reader's mappings lead to */
  constructor(
    port: TransferPort,
    storage: StorageHost,
    memory: BlockMemory,
    observer: ContentSenderObserver,
    list?: SourceList,
  ) {
    this.#port = port;
    this.#storage = storage;
    this.#observer = observer;
    this.#manifest = new ManifestSender(port, storage, observer, (runs) => this.#blocks.add(runs), list);
    this.#blocks = new BlockSender(port, storage, memory, {
      onFileBegun: (source) => observer.onFileBegun(source),
      onFailed: (error) => this.#fail(error),
    });
  }

  /** Begins; the storage worker has its reader open already. */
  start(): void {
    this.#blocks.start();
    void this.#manifest.run().catch((error) => this.#fail(error));
  }

  onMessage({ body }: { body: ReceivedBody }): void | Promise<void> {
    switch (body.$case) {
      case 'entryResults':
        return this.#onResults(body.encoded);
      case 'entryPlans':
        return this.#blocks.onPlans(body.value);
      case 'blockRequest':
        this.#blocks.onRequest(body.value.block, body.value.chunks);
        return;
      case 'receiverProgress': {
        const { writtenBytes, durableBytes, presentBytes, activity } = body.value;
        this.#tellLimiter();
        this.#observer.onProgress(writtenBytes, durableBytes, presentBytes, activityFromWire(activity));
        return;
      }
      case 'complete':
        this.#onComplete(body.value);
        return;
      case 'failed':
        this.#fail(failureFromWire(body.value));
        return;
      default:
        throw new JetStreamError('protocol-violation', `a receiver of content may not send ${body.$case}`);
    }
  }

  onBlockWanted(): void {
    this.#blocks.onWanted();
  }

  onLimiter(limiter: Limiter): void {
    this.#transportLimiter = limiter;
    this.#tellLimiter();
  }

  onBlockAcked(block: number): void {
    this.#blocks.onAcked(block);
  }

  onClosed(error: JetStreamError): void {
    this.#fail(error);
  }

  /** Stops work; the port is closed by whoever owns it, and only that gives the memory of blocks on their way back. */
  stop(): void {
    this.#over = true;
    this.#manifest.stop();
    this.#blocks.stop();
  }

  #tellLimiter(): void {
    const limiter = LIMITER_NAMES[this.#honestLimiter()];
    if (limiter === this.#limiter || this.#over) return;
    this.#limiter = limiter;
    this.#observer.onLimiter(limiter);
    this.#port.send({ $case: 'senderProgress', value: { limiter: limiterToWire(limiter) } });
  }

  /** That nothing is offered is our disk's doing only while it has something to read; later the receiver has it all. */
  #honestLimiter(): Limiter {
    const limiter = this.#transportLimiter;
    if (limiter !== 'application' || this.#blocks.isBusy || this.#manifest.isScanning) return limiter;
    return this.#blocks.isInFlight ? 'congestion' : 'peer-storage';
  }

  async #onResults(message: Uint8Array): Promise<void> {
    const { entries, outcomes } = await this.#storage.call('settleEntries', message);
    this.#manifest.onSettled(entries);
    this.#observer.onFiles(fileOutcomes(outcomes));
  }

  #onComplete(message: TransferComplete): void {
    const { unanswered } = this.#manifest;
    if (unanswered !== 0) {
      throw new JetStreamError(
        'protocol-violation',
        `the receiver said complete with ${unanswered} entries unanswered`,
      );
    }
    this.stop();
    this.#port.send({ $case: 'complete', value: message });
    this.#observer.onComplete();
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#observer.onFailed(asJetStreamError(error));
  }
}
