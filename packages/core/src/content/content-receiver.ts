import { type BlockDigests, errorCodeFromWire, JetStreamError, type ReceivedBody } from '@jetstream/protocol';
import type { WriterActivity, WriterProgress } from '@jetstream/storage';
import type { ResumeJournal } from '../resume/resume-journal.ts';
import type { ContentHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import type { WriterStep } from '../storage/writer-step.ts';
import { AnnouncedBlocks } from './announced-blocks.ts';
import { CheckpointTimer } from './checkpoint-timer.ts';
import type { ContentObserver } from './content-observer.ts';
import { asJetStreamError, failureFromWire } from './failure.ts';
import { fileOutcomes, sourceProblem } from './file-outcomes.ts';
import { Planner } from './planner.ts';
import { activityToWire } from './receiver-activity.ts';
import { limiterFromWire } from './transfer-limiter.ts';
import type { TransferTotals } from './transfer-totals.ts';

/** Blocks held in memory between socket and disk; the transport grows its window by need, as far as its memory goes. */
const MAX_HELD_BLOCKS = 1_024;
const PROGRESS_INTERVAL_MS = 250;
/** Files made durable in one call of the storage worker: many, because one sync does for all; not more, so that blocks get their turn in between. */
const ENTRIES_PER_COMMIT = 2_048;

export interface ContentReceiverOptions {
  /** Compares and writes nothing. Default false. */
  verify?: boolean | undefined;
  /** Keeps what a later transfer can go on from; undefined: nothing is kept. */
  journal?: ResumeJournal | undefined;
  /** How often it is kept; null: only in the end. Default null. */
  checkpointIntervalMs?: number | null | undefined;
}

/**
 * Receives a tree: manifest → places → plans, digests then block → disk, finished files → durable under their names → results.
 * The same at a server that is uploaded to and at a client that downloads.
 */
export class ContentReceiver implements ContentHandler {
  readonly #port: TransferPort;
  readonly #storage: StorageHost;
  readonly #observer: ContentObserver;
  readonly #journal: ResumeJournal | undefined;
  readonly #checkpoints: CheckpointTimer | undefined;
  readonly #blocks: AnnouncedBlocks;
  readonly #planner: Planner;
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
  #finish: 'no' | 'begun' | 'done' = 'no';
  #awaitsAnswer = false;
  #over = false;

  /** Takes blocks from now on; until the storage worker has its writer open, they and the manifest wait. */
  constructor(
    port: TransferPort,
    storage: StorageHost,
    observer: ContentObserver,
    { verify = false, journal, checkpointIntervalMs = null }: ContentReceiverOptions = {},
  ) {
    this.#port = port;
    this.#storage = storage;
    this.#observer = observer;
    this.#journal = journal;
    this.#blocks = new AnnouncedBlocks(verify);
    this.#planner = new Planner(
      port,
      storage,
      (work, then) => this.#run(work, then),
      (note) => journal?.note(note),
    );
    this.#progressTimer = setInterval(() => this.#sendProgress(), PROGRESS_INTERVAL_MS);
    if (journal !== undefined && checkpointIntervalMs !== null)
      this.#checkpoints = new CheckpointTimer(
        checkpointIntervalMs,
        storage,
        journal,
        () => this.#progress.writtenBytes,
        (error) => this.#fail(error),
      );
    port.connection.openBulkReceiver(port.transfer, MAX_HELD_BLOCKS);
  }

  onMessage({ body }: { body: ReceivedBody }): void | Promise<void> {
    if (this.#awaitsAnswer && body.$case === 'complete') this.#onAnswered();
    if (this.#over) return;
    switch (body.$case) {
      case 'manifestBatch':
        return this.#onManifestBatch(body.encoded);
      case 'manifestEnd':
        this.#totals.final = true;
        this.#observer.onTotals(this.#totals);
        return this.#thenPlan(async () => {
          const step = await this.#storage.call('endManifest', body.value.entries);
          this.#planner.endManifest();
          return step;
        });
      case 'blockDigests':
        return this.#onDigests(body.value);
      case 'holeRun':
        return this.#planner.dealWhenPlanned(() =>
          this.#run(() => this.#storage.call('addHoles', body.value)),
        );
      case 'senderProgress':
        this.#observer.onLimiter(limiterFromWire(body.value.limiter));
        return;
      case 'entryFailed': {
        const { index, errorCode, message: text } = body.value;
        return this.#run(() => this.#storage.call('failEntry', index, errorCodeFromWire(errorCode), text));
      }
      case 'sourceProblem': {
        const { source, errorCode, message: text } = body.value;
        this.#observer.onFiles([sourceProblem(source, errorCodeFromWire(errorCode), text)]);
        return;
      }
      case 'failed':
        this.#fail(failureFromWire(body.value));
        return;
      default:
        throw new JetStreamError('protocol-violation', `a sender of content may not send ${body.$case}`);
    }
  }

  onBlockReceived(block: number, bytes: Uint8Array): void {
    const digests = this.#blocks.take(block);
    this.#planner.whenPlanned(block, async () => {
      let chunks: number[] = [];
      const write = async () => {
        const written = await this.#write(digests, bytes);
        chunks = written.wantedChunks;
        return written;
      };
      await this.#run(write);
      const again = chunks.length > 0 && !this.#over;
      this.#port.connection.releaseBlock(this.#port.transfer, block, again);
      if (again) this.#request(block, chunks);
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
    this.#checkpoints?.stop();
    // What waits is done, which is to give its blocks back.
    this.#planner.stop();
  }

  /** Stops, and keeps what a later transfer can go on from. The storage worker may be closed after that. */
  async end(): Promise<void> {
    this.stop();
    if (this.#journal === undefined) return;
    if (this.#finish !== 'done') {
      const updates = await this.#storage.call('suspend').catch(() => []);
      await this.#journal.save(updates);
    }
    await this.#journal.release();
  }

  async #onManifestBatch(message: Uint8Array): Promise<void> {
    if (!(await this.#readBatch(message))) return;
    await this.#thenPlan(async () => {
      const step = await this.#storage.call('addEntries');
      if (step.lookups.length > 0 && !this.#over) {
        const unknown = step.lookups.map(({ index }) => ({ index, record: undefined }));
        const answers = await (this.#journal?.claim(step.lookups) ?? unknown);
        if (!this.#over) await this.#storage.call('resume', answers);
      }
      return step;
    });
  }

  /** @throws JetStreamError `protocol-violation`, which ends the connection (ST-3); whatever else goes wrong ends the transfer */
  async #readBatch(message: Uint8Array): Promise<boolean> {
    try {
      const { files, directories, bytes } = await this.#storage.call('readBatch', message);
      this.#totals.files += files;
      this.#totals.directories += directories;
      this.#totals.bytes += bytes;
      this.#observer.onTotals(this.#totals);
    } catch (error) {
      if (asJetStreamError(error).code === 'protocol-violation') throw error;
      this.#fail(error);
    }
    return !this.#over;
  }

  async #thenPlan(work: () => Promise<WriterStep>): Promise<void> {
    await this.#run(work);
    this.#planner.plan();
  }

  #onDigests(message: BlockDigests): void | Promise<void> {
    const { block, byteLength } = message;
    this.#blocks.announce(message, this.#planner.plannedBlocks);
    if (byteLength > 0) {
      this.#port.connection.expectBlock(this.#port.transfer, block, byteLength);
      return;
    }
    const compare = () =>
      this.#run(
        () => this.#write(message, new Uint8Array(0)),
        ({ wantedChunks }) => wantedChunks.length > 0 && this.#request(block, wantedChunks),
      );
    return this.#planner.dealWhenPlanned(compare, block);
  }

  #write({ block, digests, uses }: BlockDigests, bytes: Uint8Array) {
    return this.#storage.call('writeBlock', block, bytes, digests, uses.byteLength === 0 ? undefined : uses);
  }

  #request(block: number, chunks: number[]): void {
    this.#blocks.request(block);
    this.#port.send({ $case: 'blockRequest', value: { block, chunks } });
  }

  /** As `RunStep`. */
  async #run<Step extends WriterStep>(
    work: () => Promise<Step>,
    then?: (step: Step) => unknown,
  ): Promise<void> {
    if (this.#over) return;
    try {
      const step = await work();
      if (step.recordKeys.length > 0) void this.#journal?.remove(step.recordKeys);
      if (this.#over) return;
      this.#progress = step.progress;
      this.#report(step);
      then?.(step);
      if (step.readyEntries > 0) this.#commit();
      else if (step.settled && !this.#committing) await this.#complete();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Makes finished files durable, one commit at a time; what finishes meanwhile goes into the next. */
  #commit(): void {
    if (this.#committing) return;
    this.#committing = true;
    const commit = () => this.#storage.call('commitReady', ENTRIES_PER_COMMIT);
    void this.#run(
      () => commit().finally(() => (this.#committing = false)),
      ({ requests }) => {
        for (const { block, chunks } of requests) {
          this.#port.connection.requestBlock(this.#port.transfer, block);
          this.#request(block, chunks);
        }
      },
    );
  }

  async #complete(): Promise<void> {
    if (this.#finish !== 'no') return;
    this.#finish = 'begun';
    const { deadPartials } = await this.#storage.call('finish');
    this.#finish = 'done';
    const dead = (await this.#journal?.dead(deadPartials)) ?? [];
    if (dead.length > 0) await this.#storage.call('removeDead', dead);
    if (this.#over) return;
    await this.#observer.beforeComplete?.();
    if (this.#over) return;
    this.stop();
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

  #report({ outcomes, results }: WriterStep): void {
    this.#observer.onFiles(fileOutcomes(outcomes));
    for (const message of results) this.#port.sendEncoded(message);
  }

  get #activity(): WriterActivity | undefined {
    const { activity } = this.#progress;
    if (this.#committing || this.#checkpoints?.isTaking) return activity ?? 'syncing';
    return this.#planner.isPlanning ? 'checking' : activity;
  }

  #sendProgress(): void {
    const { writtenBytes, filesDone, presentBytes } = this.#progress;
    const durableBytes = Math.max(this.#progress.durableBytes, this.#checkpoints?.durableBytes ?? 0);
    const activity = this.#activity;
    this.#observer.onProgress(writtenBytes, durableBytes, presentBytes, activity);
    this.#port.send({
      $case: 'receiverProgress',
      value: { writtenBytes, durableBytes, filesDone, presentBytes, activity: activityToWire(activity) },
    });
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#observer.onFailed(asJetStreamError(error));
  }
}
