import { JetStreamError } from '@jetstream/protocol';
import type { Clock } from '../../clock.ts';
import { asJetStreamError } from '../../content/failure.ts';
import type { Logger } from '../../logging.ts';
import type { DestinationLink, DestinationLinks } from '../destinations/links.ts';
import type { DestinationRecord } from '../destinations/record.ts';
import type { ManifestRecord } from '../manifests/record.ts';
import { manifestProblem } from './awaited-manifests.ts';
import { DestinationHolds } from './destination-holds.ts';
import type { TransferRecord } from './record.ts';
import { GIVE_UP_AFTER_US, isOfDestination, retryDelayUs } from './retry-policy.ts';
import { afterOutcome, afterRefusal, afterStop, failed, outOfUse } from './run-outcome.ts';
import type { TransferBook } from './transfer-book.ts';
import { type QueuedTransfer, type QueueLimits, TransferQueue } from './transfer-queue.ts';
import { type RunOutcome, TransferRun } from './transfer-run.ts';
import { nextStatus } from './transfer-status.ts';

/** How often counts of what runs are kept. */
const NOTE_INTERVAL_MS = 5_000;
/** After a change that could not be written. */
const WRITE_AGAIN_MS = 5_000;

interface Records<T> {
  get(id: string): T | undefined;
}

export interface TransferRunnerOptions {
  book: TransferBook;
  links: DestinationLinks;
  destinations: Records<DestinationRecord>;
  manifests: Records<ManifestRecord>;
  /** Whether the account may still be used. Never rejects. */
  mayAct: (owner: string) => Promise<boolean>;
  limits: QueueLimits;
  clock: Clock;
  /** A number of [0, 1). */
  random: () => number;
  logger: Logger;
  /** Some five times a second for each that runs. */
  onProgress: (record: TransferRecord) => void;
}

interface Running {
  run: TransferRun;
  link: DestinationLink;
  notedMs: number;
  /** Stopped by us, for the account of its owner may not be used any more. */
  isOutOfUse: boolean;
}

/** Carries out the transfers that are pending: begins each at its turn, and writes down what came of it. */
export class TransferRunner {
  readonly #options: TransferRunnerOptions;
  readonly #queue: TransferQueue;
  readonly #holds: DestinationHolds;
  readonly #running = new Map<string, Running>();
  /** What waits for another attempt of its own; takes the timer back. */
  readonly #waiting = new Map<string, () => void>();
  #attempts = 0;
  #isStarted = false;
  #isClosing = false;

  constructor(options: TransferRunnerOptions) {
    const { limits, clock, random } = options;
    this.#options = options;
    this.#queue = new TransferQueue(limits);
    this.#holds = new DestinationHolds(this.#queue, clock, random, () => this.#turn());
  }

  get running(): number {
    return this.#running.size;
  }

  /** Since the start. */
  get attempts(): number {
    return this.#attempts;
  }

  /** A destination that is there no more, and that nothing waits for. */
  forget(destinationId: string): void {
    this.#holds.release(destinationId);
  }

  get heldDestinations(): number {
    return this.#holds.size;
  }

  /** Of what was enqueued before, and is from now on. */
  start(): void {
    this.#isStarted = true;
    this.#turn();
  }

  /** The present attempt; undefined while there is none. */
  runOf(transferId: string): TransferRun | undefined {
    return this.#running.get(transferId)?.run;
  }

  /** A pending one waits for its turn; first for the time of its next attempt, if it has one. */
  enqueue(record: TransferRecord): void {
    const { book } = this.#options;
    this.dequeue(record);
    const waitUs = record.nextAttemptTime === null ? 0 : record.nextAttemptTime - book.now(record);
    if (waitUs > 0) this.#wait(record.transferId, waitUs / 1_000);
    else this.#queue.add(queued(record));
    this.#turn();
  }

  /** Its turn does not come any more. */
  dequeue(record: TransferRecord): void {
    this.#queue.remove(record.transferId);
    this.#waiting.get(record.transferId)?.();
    this.#waiting.delete(record.transferId);
  }

  /** Whatever it, or its destination, waits for: it is tried now. */
  hurry(record: TransferRecord): void {
    this.dequeue(record);
    this.#queue.add(queued(record));
    this.#holds.hurry(record.destinationId);
    this.#turn();
  }

  /** To be called within a change of it. @returns what it is when nothing of it runs any more; it may have ended before */
  async stop(record: TransferRecord): Promise<TransferRecord> {
    this.dequeue(record);
    const running = this.#running.get(record.transferId);
    if (running === undefined) return record;
    running.run.stop();
    const outcome = await running.run.outcome;
    this.#release(record.transferId);
    return afterStop(record, running.run, outcome, this.#options.book.now(record));
  }

  /** What runs for accounts that may not be used any more is stopped, and waits until they may. */
  async recheckOwners(): Promise<void> {
    const { book, mayAct } = this.#options;
    const ownerOf = (transferId: string) => book.get(transferId)?.owner;
    for (const owner of new Set([...this.#running.keys()].map(ownerOf))) {
      if (owner === undefined || (await mayAct(owner))) continue;
      for (const [transferId, running] of this.#running) {
        if (ownerOf(transferId) !== owner) continue;
        running.isOutOfUse = true;
        running.run.stop();
      }
    }
  }

  /** Begins nothing more. What runs is interrupted, at the far side too: at the next start it goes on from what is durable there. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const unset of this.#waiting.values()) unset();
    this.#holds.close();
    await this.#options.links.close();
    await Promise.all([...this.#running.values()].map(({ run }) => run.outcome));
    await this.#options.book.settled();
  }

  #turn(): void {
    while (this.#isStarted && !this.#isClosing) {
      const next = this.#queue.take();
      if (next === undefined) return;
      void this.#begin(next).catch((error) => this.#onNotBegun(next.transferId, error));
    }
  }

  async #begin({ transferId, destinationId, owner }: QueuedTransfer): Promise<void> {
    const mayAct = await this.#options.mayAct(owner);
    const record = await this.#options.book.change(transferId, (record, now) => {
      if (record.status !== 'pending' || this.#isClosing) return record;
      if (!mayAct) return afterRefusal(record, now, () => this.#holds.fail(destinationId));
      const problem = this.#launch(record);
      if (problem !== undefined) return failed(record, problem, now);
      return {
        ...record,
        status: nextStatus(transferId, record.status, 'begin'),
        attempts: record.attempts + 1,
        startTime: record.startTime ?? now,
        nextAttemptTime: null,
        errorCode: null,
        errorMessage: null,
      };
    });
    if (record === undefined || !this.#running.has(transferId)) this.#release(transferId);
    if (!mayAct) this.#awaitNext(transferId);
  }

  /** @returns why there is nothing to begin */
  #launch(record: TransferRecord): JetStreamError | undefined {
    const { transferId, destinationId, manifestId, destinationPath, rules } = record;
    const { links, destinations, manifests, clock } = this.#options;
    const destination = destinations.get(destinationId);
    if (destination === undefined)
      return new JetStreamError('not-found', 'its destination is not there any more');
    const manifest = manifests.get(manifestId);
    if (manifest?.status !== 'complete') return manifestProblem(manifest);
    const { checkpointFrequencySeconds: seconds, ...receiving } = rules;
    this.#attempts++;
    const link = links.open(destination);
    const upload = link.upload({
      ...receiving,
      checkpointIntervalMs: seconds === null ? null : seconds * 1_000,
      transferId,
      manifestId,
      destinationPath,
    });
    const run = new TransferRun(upload, record, () => this.#onProgress(transferId));
    this.#running.set(transferId, { run, link, notedMs: clock.nowMs(), isOutOfUse: false });
    void run.outcome.then((outcome) => this.#onOutcome(transferId, run, outcome));
    return undefined;
  }

  #onProgress(transferId: string): void {
    const { book, clock, onProgress } = this.#options;
    const running = this.#running.get(transferId);
    const record = book.get(transferId);
    if (running === undefined || record?.status !== 'inProgress') return;
    const { run } = running;
    if (run.progress.ackedBytes > 0 || run.progress.filesDone > 0) this.#holds.release(record.destinationId);
    if (clock.nowMs() - running.notedMs >= NOTE_INTERVAL_MS) {
      running.notedMs = clock.nowMs();
      book.note(transferId, { reach: run.reach, traffic: run.traffic });
    }
    onProgress(record);
  }

  async #onOutcome(transferId: string, run: TransferRun, outcome: RunOutcome): Promise<void> {
    try {
      await this.#options.book.change(transferId, (record, now) => {
        // Somebody stopped it, and has seen to what came of it.
        if (this.runOf(transferId) !== run) return record;
        // It goes on at the next start.
        if (this.#isClosing && 'error' in outcome) return afterStop(record, run, outcome, now);
        const isStopped = this.#running.get(transferId)?.isOutOfUse === true && 'error' in outcome;
        const found = isStopped ? { error: outOfUse(record), mayPass: true } : outcome;
        return this.#after(record, run, found, now);
      });
    } catch (error) {
      this.#onUnwritten(transferId, error, () => this.#onOutcome(transferId, run, outcome));
      return;
    }
    if (this.runOf(transferId) !== run) return;
    this.#release(transferId);
    this.#awaitNext(transferId);
  }

  /** What failed has another turn, if any. */
  #awaitNext(transferId: string): void {
    const record = this.#options.book.get(transferId);
    if (record?.status === 'pending') this.enqueue(record);
    if (record?.status === 'error' && this.#holds.isHopeless(record.destinationId)) this.#giveUp(record);
  }

  #after(record: TransferRecord, run: TransferRun, outcome: RunOutcome, now: number): TransferRecord {
    const { destinationId } = record;
    if ('summary' in outcome) this.#holds.release(destinationId);
    return afterOutcome(record, run, outcome, now, (failures) =>
      'error' in outcome && (outcome.mayPass || isOfDestination(outcome.error))
        ? this.#holds.fail(destinationId)
        : retryDelayUs(failures, this.#options.random()),
    );
  }

  /** One has waited for this destination as long as any may: those that have, too, are not tried one by one. */
  #giveUp({ transferId, destinationId, errorCode, errorMessage }: TransferRecord): void {
    const { book } = this.#options;
    const why = new JetStreamError(errorCode ?? 'host-unreachable', errorMessage ?? '', {
      subject: transferId,
    });
    for (const other of book.values()) {
      if (other.destinationId !== destinationId || other.status !== 'pending') continue;
      void book
        .change(other.transferId, (record, now) => {
          const isTired = now - (record.queueTime ?? now) >= GIVE_UP_AFTER_US;
          if (record.status !== 'pending' || !isTired) return record;
          this.dequeue(record);
          return failed(record, why, now);
        })
        .catch((error) => {
          this.#logUnwritten(other.transferId, error);
          const record = book.get(other.transferId);
          if (record?.status === 'pending') this.enqueue(record);
        });
    }
  }

  #wait(transferId: string, delayMs: number): void {
    const unset = this.#options.clock.after(delayMs, () => {
      this.#waiting.delete(transferId);
      const record = this.#options.book.get(transferId);
      if (record?.status === 'pending') this.#queue.add(queued(record));
      this.#turn();
    });
    this.#waiting.set(transferId, unset);
  }

  /** Nothing of it runs any more: others may. */
  #release(transferId: string): void {
    this.#running.get(transferId)?.link.close();
    this.#running.delete(transferId);
    this.#queue.finish(transferId);
    this.#turn();
  }

  /** That it begins could not be written down. */
  #onNotBegun(transferId: string, error: unknown): void {
    this.#logUnwritten(transferId, error);
    const run = this.runOf(transferId);
    this.#release(transferId);
    run?.stop();
    this.#wait(transferId, WRITE_AGAIN_MS);
  }

  /** Nothing is told of what could not be kept: it is tried again until it can. */
  #onUnwritten(transferId: string, error: unknown, again: () => void): void {
    this.#logUnwritten(transferId, error);
    if (!this.#isClosing) this.#waiting.set(transferId, this.#options.clock.after(WRITE_AGAIN_MS, again));
  }

  #logUnwritten(transferId: string, error: unknown): void {
    const { code, message } = asJetStreamError(error);
    this.#options.logger.error(
      { transfer: transferId, code, why: message },
      'a transfer cannot be written down',
    );
  }
}

function queued({ transferId, destinationId, owner, priority, requestTime }: TransferRecord): QueuedTransfer {
  return { transferId, destinationId, owner, priority, requestTime };
}
