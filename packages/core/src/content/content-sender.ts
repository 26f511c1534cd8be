import {
  type EntryPlans,
  type EntryResult,
  errorCodeFromWire,
  errorCodeToWire,
  JetStreamError,
  type TransferComplete,
  type TransferMessage,
} from '@jetstream/protocol';
import type { BlockRead, ManifestTotals, WriterActivity } from '@jetstream/storage';
import type { Limiter } from '@jetstream/transport';
import type { BlockMemory } from '../block-memory.ts';
import type { FileOutcome, LimiterName } from '../contract.ts';
import type { TransferHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import { BlockQueue } from './block-queue.ts';
import { asJetStreamError } from './failure.ts';
import { manifestMessages } from './manifest-messages.ts';
import { LONG_RTT_MS, PlanFrontier } from './plan-frontier.ts';
import { activityFromWire } from './receiver-activity.ts';
import { SentBlocks } from './sent-blocks.ts';
import { LIMITER_NAMES, limiterToWire } from './transfer-limiter.ts';
import type { TransferTotals } from './transfer-totals.ts';

/** Entries asked of the scanner at once. */
const SCAN_BATCH_ENTRIES = 1_000;
/** Entries announced to the receiver and not answered by it yet; bounds memory for any size of manifest. */
const MAX_UNSETTLED_ENTRIES = 32_768;
/** Blocks read ahead of what the transport asks for. */
const READ_AHEAD_BLOCKS = 4;

export interface ContentSenderObserver {
  onTotals(totals: TransferTotals): void;
  onFileBegun(source: string): void;
  onFile(outcome: FileOutcome): void;
  /** Something else holds the transfer now. */
  onLimiter(limiter: LimiterName | undefined): void;
  onProgress(
    writtenBytes: number,
    durableBytes: number,
    presentBytes: number,
    activity: WriterActivity | undefined,
  ): void;
  /** Everything that could be sent is durable at the receiver. */
  onComplete(): void;
  onFailed(error: JetStreamError): void;
}

interface ReadyBlock {
  block: number;
  memory: Uint8Array;
  byteLength: number;
}

/** A block that is to be read. */
interface DueBlock {
  block: number;
  /** Those that the receiver asked for; undefined: what its plans leave. */
  chunks: readonly number[] | undefined;
}

/**
 * Sends a tree: scan → manifest messages, and in parallel read block → digests → bulk data. Each stage runs ahead of the
 * next by a bounded amount. The same at a client that uploads and at a server that is downloaded from.
 */
export class ContentSender implements TransferHandler {
  readonly #port: TransferPort;
  readonly #storage: StorageHost;
  readonly #memory: BlockMemory;
  readonly #observer: ContentSenderObserver;
  readonly #sealed = new BlockQueue();
  readonly #frontier = new PlanFrontier();
  readonly #sent = new SentBlocks();
  readonly #requested: DueBlock[] = [];
  readonly #ready: ReadyBlock[] = [];
  /** Read, announced and not acknowledged. */
  readonly #inFlight = new Set<number>();
  /** Chunks that were asked for, of blocks that are not acknowledged yet. */
  readonly #requestedWhenAcked = new Map<number, readonly number[]>();
  /** For an answer of the peer to anything. */
  #waitedMs = 0;
  #waitTimer: NodeJS.Timeout | undefined;
  #settledEntries = 0;
  #totals: ManifestTotals = { entries: 0, files: 0, bytes: 0 };
  #reading = 0;
  #wanted = false;
  #scanGate: (() => void) | undefined;
  #scanned = false;
  #transportLimiter: Limiter = 'none';
  #limiter: LimiterName | undefined;
  #over = false;

  constructor(
    port: TransferPort,
    storage: StorageHost,
    memory: BlockMemory,
    observer: ContentSenderObserver,
  ) {
    this.#port = port;
    this.#storage = storage;
    this.#memory = memory;
    this.#observer = observer;
  }

  /** Begins; the storage worker has its reader open already. */
  start(): void {
    this.#port.connection.openBulkSender(this.#port.transfer, this.#memory);
    this.#wanted = true;
    this.#waitTimer = setTimeout(() => {
      this.#waitedMs = LONG_RTT_MS;
      this.#fill();
    }, LONG_RTT_MS);
    void this.#scan().catch((error) => this.#fail(error));
  }

  onMessage(message: TransferMessage): void | Promise<void> {
    const { body } = message;
    switch (body?.$case) {
      case 'entryResults':
        return this.#onResults(body.value.results);
      case 'entryPlans':
        return this.#onPlans(body.value);
      case 'blockRequest': {
        const { block, chunks } = body.value;
        this.#sent.ask(block, this.#sealed.isPassed(block));
        this.#sendRequested(block, chunks);
        return;
      }
      case 'receiverProgress': {
        const { writtenBytes, durableBytes, presentBytes, activity } = body.value;
        this.#tellLimiter();
        this.#observer.onProgress(writtenBytes, durableBytes, presentBytes, activityFromWire(activity));
        return;
      }
      case 'complete':
        return this.#onComplete(body.value);
      case 'failed':
        this.#fail(
          new JetStreamError(errorCodeFromWire(body.value.errorCode), body.value.message, {
            subject: body.value.subject,
          }),
        );
        return;
      default:
        throw new JetStreamError(
          'protocol-violation',
          `a receiver of content may not send ${body?.$case ?? 'an empty message'}`,
        );
    }
  }

  onBlockWanted(): void {
    this.#wanted = true;
    this.#offer();
  }

  onLimiter(limiter: Limiter): void {
    this.#transportLimiter = limiter;
    this.#tellLimiter();
  }

  onBlockAcked(block: number): void {
    this.#inFlight.delete(block);
    const chunks = this.#requestedWhenAcked.get(block);
    if (this.#requestedWhenAcked.delete(block)) this.#sendRequested(block, chunks!);
    this.#fill();
  }

  onClosed(error: JetStreamError): void {
    this.#fail(error);
  }

  /** Stops work; the port is closed by whoever owns it, and only that gives the memory of blocks on their way back. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#waitTimer);
    this.#scanGate?.();
    for (const ready of this.#ready.splice(0)) this.#memory.release(ready.memory);
  }

  async #onPlans({ plans, plannedBlocks }: EntryPlans): Promise<void> {
    if (plans.length > 0) await this.#storage.call('applyPlans', plans);
    this.#frontier.advance(plannedBlocks, this.#sealed.end);
    this.#fill();
  }

  /** Before all else, for files wait for it. A block is begun again only when the last of its first sending was acknowledged. */
  #sendRequested(block: number, chunks: readonly number[]): void {
    if (this.#inFlight.has(block)) {
      this.#requestedWhenAcked.set(block, chunks);
      return;
    }
    this.#requested.push({ block, chunks });
    this.#fill();
  }

  async #scan(): Promise<void> {
    for (;;) {
      while (!this.#over && !this.#mayScan())
        await new Promise<void>((resolve) => (this.#scanGate = resolve));
      await this.#port.writable();
      if (this.#over) return;
      const batch = await this.#storage.call('nextBatch', SCAN_BATCH_ENTRIES);
      if (this.#over) return;
      this.#totals = batch.totals;
      for (const problem of batch.problems) {
        const { source, code, message } = problem;
        this.#observer.onFile({ source, target: '', bytes: 0, error: { code, message } });
        this.#port.send({
          $case: 'sourceProblem',
          value: { source, errorCode: errorCodeToWire(code), message },
        });
      }
      for (const body of manifestMessages(batch.firstIndex, batch.entries)) this.#port.send(body);
      this.#sealed.push(batch.sealedBlocks);
      if (batch.done) {
        this.#port.send({ $case: 'manifestEnd', value: batch.totals });
      }
      const { entries, files, bytes } = batch.totals;
      this.#observer.onTotals({ files, directories: entries - files, bytes, final: batch.done });
      this.#fill();
      this.#scanned = batch.done;
      if (batch.done) return;
    }
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
    const mayRead = this.#reading > 0 || this.#mayReadNext || this.#ready.length > 0;
    const mayScan = !this.#scanned && this.#scanGate === undefined;
    if (limiter !== 'application' || mayRead || mayScan) return limiter;
    return this.#inFlight.size > 0 ? 'congestion' : 'peer-storage';
  }

  #mayScan(): boolean {
    return this.#totals.entries - this.#settledEntries < MAX_UNSETTLED_ENTRIES;
  }

  #openScanGate(): void {
    if (this.#scanGate === undefined || !this.#mayScan()) return;
    this.#scanGate();
    this.#scanGate = undefined;
  }

  /** Keeps READ_AHEAD_BLOCKS read or being read. */
  #fill(): void {
    while (!this.#over && this.#ready.length + this.#reading < READ_AHEAD_BLOCKS && this.#mayReadNext) {
      const memory = this.#memory.acquire();
      if (memory === undefined) break;
      const due = this.#requested.shift() ?? { block: this.#sealed.shift()!, chunks: undefined };
      this.#reading++;
      void this.#read(due, memory).catch((error) => this.#fail(error));
    }
    this.#openScanGate();
  }

  get #mayReadNext(): boolean {
    if (this.#requested.length > 0) return true;
    const { next } = this.#sealed;
    const { smoothedRttUs = 0 } = this.#port.connection.stats ?? {};
    return next !== undefined && this.#frontier.mayBegin(next, smoothedRttUs, this.#waitedMs);
  }

  async #read({ block, chunks }: DueBlock, memory: Uint8Array): Promise<void> {
    let isReady = false;
    try {
      const read = await this.#storage.call('readBlock', block, memory, chunks);
      if (this.#over) return;
      isReady = this.#announce(block, chunks, read);
      if (isReady) this.#ready.push({ block, memory, byteLength: read.byteLength });
      // What goes out as messages alone is held up by nothing else.
      else await this.#port.writable();
    } finally {
      this.#reading--;
      if (!isReady) this.#memory.release(memory);
    }
    this.#offer();
  }

  /** Tells what was read. @returns whether content follows */
  #announce(block: number, chunks: readonly number[] | undefined, read: BlockRead): boolean {
    if (chunks === undefined) this.#sealed.skipTo(read.nextBlock);
    else this.#sent.onAnswered(block);
    for (const { index, code, message } of read.failures) {
      this.#port.send({ $case: 'entryFailed', value: { index, errorCode: errorCodeToWire(code), message } });
    }
    if (read.holes !== undefined) this.#port.send({ $case: 'holeRun', value: read.holes });
    const { byteLength, digests, uses = new Uint8Array(0), begun } = read;
    if (digests.byteLength === 0) return false;
    if (begun !== undefined) this.#observer.onFileBegun(begun);
    this.#port.send({ $case: 'blockDigests', value: { block, byteLength, digests, uses } });
    if (byteLength === 0) return false;
    this.#sent.onSent(block);
    this.#inFlight.add(block);
    return true;
  }

  #offer(): void {
    while (this.#wanted && this.#ready.length > 0) {
      const { block, memory, byteLength } = this.#ready.shift()!;
      this.#wanted = this.#port.connection.offerBlock(this.#port.transfer, block, memory, byteLength);
    }
    this.#fill();
  }

  async #onResults(results: readonly EntryResult[]): Promise<void> {
    const sources = await this.#storage.call(
      'settleEntries',
      results.map(({ index }) => index),
    );
    for (const [at, result] of results.entries()) {
      const entry = sources[at];
      if (entry === undefined) {
        throw new JetStreamError(
          'protocol-violation',
          'the receiver answered for an entry twice or for one that is not there',
        );
      }
      this.#settledEntries++;
      if (entry.kind === 'directory' && result.errorCode === 0) continue;
      const { source, target, bytes } = entry;
      const outcome: FileOutcome = { source, target, bytes };
      if (result.skipped) outcome.skipped = true;
      if (result.errorCode === 0 && result.digest.byteLength > 0)
        outcome.digest = Buffer.from(result.digest).toString('hex');
      if (result.errorCode !== 0)
        outcome.error = { code: errorCodeFromWire(result.errorCode), message: result.message };
      this.#observer.onFile(outcome);
    }
    this.#openScanGate();
  }

  #onComplete(message: TransferComplete): void {
    const unanswered = this.#totals.entries - this.#settledEntries;
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
