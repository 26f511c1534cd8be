import {
  type BlockDigests,
  EntryKind,
  errorCodeFromWire,
  JetStreamError,
  type ManifestBatch,
  type TransferMessage,
} from '@jetstream/protocol';
import type { EntryResult, WriterActivity, WriterProgress } from '@jetstream/storage';
import type { FileOutcome, LimiterName } from '../contract.ts';
import type { ResumeJournal } from '../resume/resume-journal.ts';
import type { TransferHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import type { WriterStep } from '../storage/storage-session.ts';
import { AnnouncedBlocks } from './announced-blocks.ts';
import { Checkpoints } from './checkpoints.ts';
import { asJetStreamError } from './failure.ts';
import { BLOCKS_BEFORE_PLANS } from './plan-frontier.ts';
import { planMessages } from './plan-messages.ts';
import { PlannedWork } from './planned-work.ts';
import { activityToWire } from './receiver-activity.ts';
import { resultMessages } from './result-messages.ts';
import { limiterFromWire } from './transfer-limiter.ts';
import type { TransferTotals } from './transfer-totals.ts';

/** Blocks held in memory between socket and disk; the transport grows its window by need, as far as its memory goes. */
const MAX_HELD_BLOCKS = 1_024;
const PROGRESS_INTERVAL_MS = 250;
/** Files made durable in one call of the storage worker: many, because one sync does for all; not more, so that blocks get their turn in between. */
const ENTRIES_PER_COMMIT = 2_048;
/** What is on the disk is looked at in slices of about this much, so that blocks get their turn in between. */
const BYTES_PER_PLAN = 16 * 2 ** 20;
/** What may come of blocks that are not planned yet; more is a peer that does not wait. */
const MAX_UNPLANNED_MESSAGES = 16;

export interface ContentReceiverObserver {
  onTotals(totals: TransferTotals): void;
  onFile(outcome: FileOutcome): void;
  /** Something else holds the transfer now, as the sender finds. */
  onLimiter(limiter: LimiterName | undefined): void;
  onProgress(
    writtenBytes: number,
    durableBytes: number,
    presentBytes: number,
    activity: WriterActivity | undefined,
  ): void;
  onComplete(): void;
  onFailed(error: JetStreamError): void;
}

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
export class ContentReceiver implements TransferHandler {
  readonly #port: TransferPort;
  readonly #storage: StorageHost;
  readonly #observer: ContentReceiverObserver;
  readonly #journal: ResumeJournal | undefined;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #blocks: AnnouncedBlocks;
  readonly #planned = new PlannedWork();
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
  #plannedBlocks = 0;
  #planning: 'no' | 'yes' | 'again' = 'no';
  #manifestEnded = false;
  #committing = false;
  #finish: 'no' | 'begun' | 'done' = 'no';
  #awaitsAnswer = false;
  #over = false;

  /** Takes blocks from now on; until the storage worker has its writer open, they and the manifest wait. */
  constructor(
    port: TransferPort,
    storage: StorageHost,
    observer: ContentReceiverObserver,
    { verify = false, journal, checkpointIntervalMs = null }: ContentReceiverOptions = {},
  ) {
    this.#port = port;
    this.#storage = storage;
    this.#observer = observer;
    this.#journal = journal;
    this.#blocks = new AnnouncedBlocks(verify);
    this.#progressTimer = setInterval(() => this.#sendProgress(), PROGRESS_INTERVAL_MS);
    if (journal !== undefined && checkpointIntervalMs !== null)
      this.#checkpoints = new Checkpoints(
        checkpointIntervalMs,
        storage,
        journal,
        () => this.#progress.writtenBytes,
        (error) => this.#fail(error),
      );
    port.connection.openBulkReceiver(port.transfer, MAX_HELD_BLOCKS);
  }

  onMessage(message: TransferMessage): void | Promise<void> {
    const { body } = message;
    if (this.#awaitsAnswer && body?.$case === 'complete') this.#onAnswered();
    if (this.#over) return;
    switch (body?.$case) {
      case 'manifestBatch':
        return this.#onManifestBatch(body.value);
      case 'manifestEnd':
        this.#totals.final = true;
        this.#observer.onTotals(this.#totals);
        return this.#thenPlan(async () => {
          const step = await this.#storage.call('endManifest', body.value.entries);
          this.#manifestEnded = true;
          return step;
        });
      case 'blockDigests':
        return this.#onDigests(body.value);
      case 'holeRun':
        return this.#whenPlanned(BLOCKS_BEFORE_PLANS - 1, () =>
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

  onBlockReceived(block: number, bytes: Uint8Array): void {
    const digests = this.#blocks.take(block);
    void this.#planned.when(block, async () => {
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
    // Their blocks go back.
    this.#planned.release(Number.POSITIVE_INFINITY);
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

  #onManifestBatch({ firstIndex, entries }: ManifestBatch): Promise<void> {
    for (const { kind, size } of entries) {
      if (kind === EntryKind.DIRECTORY) this.#totals.directories++;
      else this.#totals.files++;
      this.#totals.bytes += size;
    }
    this.#observer.onTotals(this.#totals);
    return this.#thenPlan(async () => {
      const step = await this.#storage.call('addEntries', firstIndex, entries);
      if (step.lookups.length > 0 && !this.#over) {
        const unknown = step.lookups.map(({ index }) => ({ index, record: undefined }));
        const answers = await (this.#journal?.claim(step.lookups) ?? unknown);
        if (!this.#over) await this.#storage.call('resume', answers);
      }
      return step;
    });
  }

  async #thenPlan(work: () => Promise<WriterStep>): Promise<void> {
    await this.#run(work);
    void this.#plan();
  }

  /** Tells the sender what it may send, until all that is here is planned. One such loop at a time. */
  async #plan(): Promise<void> {
    if (this.#planning !== 'no') {
      this.#planning = 'again';
      return;
    }
    this.#planning = 'yes';
    for (let more = true; more && !this.#over; ) {
      await this.#run(
        () => this.#storage.call('plan', BYTES_PER_PLAN),
        ({ plans, plannedBlocks, notes, more: isMore }) => {
          more = isMore || this.#planning === 'again';
          this.#planning = 'yes';
          for (const note of notes) this.#journal?.note(note);
          if (plans.length > 0 || plannedBlocks > this.#plannedBlocks) {
            for (const body of planMessages(plans, plannedBlocks, this.#plannedBlocks)) this.#port.send(body);
          }
          this.#plannedBlocks = plannedBlocks;
          this.#planned.release(this.#manifestEnded && !more ? Number.POSITIVE_INFINITY : plannedBlocks);
        },
      );
    }
    this.#planning = 'no';
  }

  /** In the meantime other messages are dealt with: the plan may depend on them. */
  #whenPlanned(block: number, work: () => Promise<void>): Promise<void> | undefined {
    if (this.#planned.waiting >= MAX_UNPLANNED_MESSAGES)
      throw new JetStreamError('protocol-violation', 'the sender does not wait for the plan');
    return this.#planned.when(block, work);
  }

  #onDigests(message: BlockDigests): void | Promise<void> {
    const { block, byteLength } = message;
    this.#blocks.announce(message, this.#plannedBlocks);
    if (byteLength > 0) {
      this.#port.connection.expectBlock(this.#port.transfer, block, byteLength);
      return;
    }
    return this.#whenPlanned(block, () =>
      this.#run(
        () => this.#write(message, new Uint8Array(0)),
        ({ wantedChunks }) => wantedChunks.length > 0 && this.#request(block, wantedChunks),
      ),
    );
  }

  #write({ block, digests, uses }: BlockDigests, bytes: Uint8Array) {
    return this.#storage.call('writeBlock', block, bytes, digests, uses.byteLength === 0 ? undefined : uses);
  }

  #request(block: number, chunks: number[]): void {
    this.#blocks.request(block);
    this.#port.send({ $case: 'blockRequest', value: { block, chunks } });
  }

  /** Runs one step of the writer and deals with what it says. @param then with the rest of it, after its results were told */
  async #run<Step extends WriterStep>(
    work: () => Promise<Step>,
    then: (step: Step) => unknown = () => undefined,
  ): Promise<void> {
    if (this.#over) return;
    try {
      const step = await work();
      this.#forgetRecords(step.results);
      if (this.#over) return;
      this.#progress = step.progress;
      this.#report(step.results);
      then(step);
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

  #forgetRecords(results: readonly EntryResult[]): void {
    const keys = results.flatMap(({ recordKey }) => recordKey ?? []);
    if (keys.length > 0) void this.#journal?.remove(keys);
  }

  #report(results: readonly EntryResult[]): void {
    for (const { kind, code, message, target, bytes, digest, skipped } of results) {
      if (kind === 'directory' && code === 'none') continue;
      const outcome: FileOutcome = { source: '', target, bytes };
      if (skipped) outcome.skipped = true;
      if (code === 'none' && digest.byteLength > 0) outcome.digest = Buffer.from(digest).toString('hex');
      if (code !== 'none') outcome.error = { code, message };
      this.#observer.onFile(outcome);
    }
    for (const body of resultMessages(results)) this.#port.send(body);
  }

  get #activity(): WriterActivity | undefined {
    const { activity } = this.#progress;
    if (this.#committing || this.#checkpoints?.isTaking) return activity ?? 'syncing';
    return this.#planning === 'no' ? activity : 'checking';
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
