import type { ApiCaller, UserData } from '@jetstream/api';
import type { MetricSource } from '@jetstream/api/server';
import { JetStreamError } from '@jetstream/protocol';
import { type Clock, PROCESS_CLOCK } from '../../clock.ts';
import type { Logger } from '../../logging.ts';
import type { CleanUpTime, Removed } from '../clean-up/removed.ts';
import type { ServiceClock } from '../clock.ts';
import type { DestinationDraft, Destinations } from '../destinations/destinations.ts';
import type { DestinationLinks } from '../destinations/links.ts';
import type { DestinationRecord } from '../destinations/record.ts';
import type { Draft } from '../draft.ts';
import type { ServiceEvents } from '../events.ts';
import { newId } from '../ids.ts';
import type { ManifestDraft } from '../manifests/manifests.ts';
import type { ManifestRecord } from '../manifests/record.ts';
import { findOwned, ownerOf } from '../owner.ts';
import type { ServicePart } from '../part.ts';
import type { ServiceContext } from '../service.ts';
import { requirePermission } from '../tokens/permissions.ts';
import type { UserDataHolder } from '../user-data.ts';
import { AwaitedManifests } from './awaited-manifests.ts';
import { describeTransfer } from './describe-transfer.ts';
import { logStatus } from './log-status.ts';
import { newTransfer, type TransferRequest } from './new-transfer.ts';
import { queueLimits } from './queue-options.ts';
import { inOneShape, type TransferRecord } from './record.ts';
import { TransferBook, type TransferStore } from './transfer-book.ts';
import { transferCommands } from './transfer-commands.ts';
import type { TransferUse } from './transfer-index.ts';
import type { QueueLimits } from './transfer-queue.ts';
import { TransferRunner } from './transfer-runner.ts';
import {
  isOver,
  isProcessing,
  nextStatus,
  type TransferStatus,
  type TransferStep,
} from './transfer-status.ts';
import { TransferTimes } from './transfer-times.ts';

/** Of the 100,000 objects that the state takes: nobody uses up all of them. */
const MAX_TRANSFERS_OF_OWNER = 50_000;

export interface TransfersOptions {
  store: TransferStore;
  events: ServiceEvents;
  links: DestinationLinks;
  destinations: { get(destinationId: string): DestinationRecord | undefined };
  manifests: { get(manifestId: string): ManifestRecord | undefined };
  /** Whether the account may still be used. */
  mayAct: (owner: string) => Promise<boolean>;
  /** Whether somebody who was let in still is. */
  isStillValid: (caller: ApiCaller) => boolean;
  limits: QueueLimits;
  serviceClock: ServiceClock;
  clock: Clock;
  /** A number of [0, 1). */
  random: () => number;
  logger: Logger;
}

/** The transfers that this server sends: kept, queued, carried out. */
export class Transfers implements ServicePart, UserDataHolder {
  readonly commands = transferCommands(this);
  readonly #options: TransfersOptions;
  readonly #times: TransferTimes;
  readonly #book: TransferBook;
  readonly #runner: TransferRunner;
  readonly #awaited: AwaitedManifests;

  static async open(
    context: ServiceContext,
    destinations: Pick<Destinations, 'get' | 'links'>,
    manifests: TransfersOptions['manifests'],
    access: Pick<TransfersOptions, 'mayAct' | 'isStillValid'>,
  ): Promise<Transfers> {
    return new Transfers({
      ...context,
      store: await context.state.collection<TransferRecord>('transfers', { decode: asTransfer }),
      links: destinations.links,
      destinations,
      manifests,
      ...access,
      limits: queueLimits(context.options),
      serviceClock: context.clock,
      clock: PROCESS_CLOCK,
      random: Math.random,
    });
  }

  constructor(options: TransfersOptions) {
    const { store, events, links, destinations, manifests, mayAct, limits, clock, random, logger } = options;
    this.#options = options;
    this.#times = new TransferTimes(options.serviceClock);
    this.#book = new TransferBook(store, this.#times, events, (record) => this.describe(record));
    this.#runner = new TransferRunner({
      book: this.#book,
      links,
      destinations,
      manifests,
      mayAct,
      limits,
      clock,
      random,
      logger,
      onProgress: (record) =>
        events.emit('transferProgress', this.describe(record), record, { logged: false }),
    });
    this.#awaited = new AwaitedManifests(manifests, this.#book, events, (record) =>
      this.#runner.enqueue(record),
    );
    this.#book.onStatus = (record) => logStatus(logger, record);
    events.on('destinationDeleted', ({ destinationId }) => this.#runner.forget(String(destinationId)));
  }

  /** What was under way when the server ended goes on, and what waited waits. */
  start(): void {
    for (const record of [...this.#book.values()]) {
      if (record.status === 'inProgress') this.#enqueue(this.#book.takeUp(record));
      else if (record.status === 'pending') this.#enqueue(record);
    }
    this.#runner.start();
  }

  /** @param prepare what is to be done when a transfer is complete or has failed for good: written in one with that */
  onEnded(prepare: (transfer: ReturnType<typeof describeTransfer>) => Draft | undefined): void {
    this.#book.draftAlong = (record) =>
      record.status === 'complete' || record.status === 'error' ? prepare(this.describe(record)) : undefined;
  }

  /** What runs for accounts that may not be used any more is stopped, and waits until they may. */
  recheckOwners(): Promise<void> {
    return this.#runner.recheckOwners();
  }

  /** What runs is interrupted, and goes on at the next start. May be called again. */
  close(): Promise<void> {
    return this.#runner.close();
  }

  describe(record: TransferRecord): ReturnType<typeof describeTransfer> {
    return describeTransfer(record, this.#runner.runOf(record.transferId), this.#book.now(record));
  }

  values(): IterableIterator<TransferRecord> {
    return this.#book.values();
  }

  /** @throws JetStreamError `not-found` */
  find(transferId: string, caller: ApiCaller): TransferRecord {
    return findOwned(this.#book, transferId, caller, 'transfer');
  }

  /**
   * @param drafts of its destination and its manifest, where they are made along with it, all in one write: it begins once that
   *   manifest is complete, and fails with it; another one has to be complete now
   * @throws JetStreamError `not-found`, `conflict`, `permission-denied`, `unauthenticated`, `limit-exceeded`; why it could not be kept
   */
  async create(
    request: TransferRequest,
    caller: ApiCaller,
    drafts: { destination?: DestinationDraft | undefined; manifest?: ManifestDraft | undefined } = {},
  ): Promise<TransferRecord> {
    const { destinations, manifests } = this.#options;
    const { destinationId, manifestId } = request;
    requirePermission(caller, 'download');
    if (!drafts.destination) findOwned(destinations, destinationId, caller, 'destination');
    const manifest = drafts.manifest?.record ?? findOwned(manifests, manifestId, caller, 'manifest');
    if (manifest.status !== 'complete' && !drafts.manifest) {
      throw new JetStreamError(
        'conflict',
        `the manifest is ${manifest.status}${manifest.errorMessage === null ? '' : ` (${manifest.errorMessage})`}: only a complete one can be sent`,
        {
          subject: manifestId,
        },
      );
    }
    this.#checkRoom(caller.account);
    if (!this.#options.isStillValid(caller)) {
      throw new JetStreamError('unauthenticated', 'the token has ended meanwhile');
    }
    const transferId = newId();
    const requestTime = this.#times.begin(transferId);
    const record = newTransfer(transferId, requestTime, request, ownerOf(caller), manifest);
    await this.#book.add(record, [drafts.destination, drafts.manifest].filter(Boolean) as Draft[]);
    this.#enqueue(record);
    return record;
  }

  /** @throws JetStreamError `not-found`, `conflict` */
  suspend(transferId: string, caller: ApiCaller): Promise<TransferRecord> {
    return this.#step(transferId, caller, 'suspend');
  }

  /** @throws JetStreamError `not-found`, `conflict` */
  cancel(transferId: string, caller: ApiCaller): Promise<TransferRecord> {
    return this.#step(transferId, caller, 'cancel', (now) => ({ endTime: now }));
  }

  /** @throws JetStreamError `not-found`, `conflict` */
  fail(transferId: string, errorMessage: string, caller: ApiCaller): Promise<TransferRecord> {
    return this.#step(transferId, caller, 'fail', (now) => ({
      endTime: now,
      errorCode: 'cancelled',
      errorMessage,
    }));
  }

  /** @throws JetStreamError `not-found`, `conflict` */
  async resume(transferId: string, caller: ApiCaller): Promise<TransferRecord> {
    const { manifests } = this.#options;
    const record = await this.#step(transferId, caller, 'resume', (now) => {
      const { manifestId } = this.#book.get(transferId)!;
      if (manifests.get(manifestId) === undefined) {
        throw new JetStreamError('conflict', 'its manifest is not there any more: create another transfer', {
          subject: manifestId,
        });
      }
      return {
        queueTime: now,
        endTime: null,
        errorCode: null,
        errorMessage: null,
        streak: null,
        nextAttemptTime: null,
      };
    });
    if (record.status === 'pending' && !this.#awaited.wait(record)) this.#runner.hurry(record);
    return record;
  }

  /** @throws JetStreamError `not-found`, `conflict` when the priority has nothing to say any more */
  async update(
    transferId: string,
    { priority, userData }: { priority?: number | undefined; userData?: UserData | undefined },
    caller: ApiCaller,
  ): Promise<TransferRecord> {
    const before = this.find(transferId, caller);
    const changed = await this.#change(transferId, (record) => {
      if (priority !== undefined) {
        nextStatus(transferId, record.status, 'updatePriority');
        this.#runner.dequeue(record);
      }
      return {
        ...record,
        ...(priority !== undefined && { priority }),
        ...(userData !== undefined && { userData }),
      };
    });
    if (priority !== undefined && changed?.status === 'pending') this.#enqueue(changed);
    return changed ?? before;
  }

  async changeUserData(
    transferId: string,
    caller: ApiCaller,
    change: (before: UserData) => UserData,
  ): Promise<UserData> {
    const before = this.find(transferId, caller);
    const changed = await this.#book.change(transferId, (record) => ({
      ...record,
      userData: change(record.userData),
    }));
    return (changed ?? before).userData;
  }

  /** @throws JetStreamError `not-found`, `conflict` */
  async delete(transferId: string, caller: ApiCaller): Promise<void> {
    this.find(transferId, caller);
    await this.#book.delete(transferId, ({ status }) => nextStatus(transferId, status, 'delete') === status);
  }

  /** An API token was taken back: what it made and has not ended is cancelled. */
  async endWorkOf(token: string): Promise<void> {
    const errorMessage = `the API token ${token}, which made it, was taken back`;
    const why = { errorCode: 'permission-denied', errorMessage } as const;
    const ends = this.#book.madeBy(token).map((transferId) =>
      this.#change(transferId, (record, now) => {
        if (isOver(record.status)) return record;
        const status = nextStatus(transferId, record.status, 'cancel');
        return this.#stopped(record, { status, endTime: now, ...why });
      }),
    );
    await Promise.all(ends);
  }

  /** Resolves when it is neither pending nor in progress, or the signal says so, with what it is then. @throws JetStreamError `not-found` */
  async wait(transferId: string, caller: ApiCaller, signal: AbortSignal): Promise<TransferRecord> {
    for (;;) {
      const record = this.find(transferId, caller);
      if (!isProcessing(record.status) || signal.aborted) return record;
      await this.#book.nextChange(transferId, signal);
    }
  }

  /** Ids of those that need the manifest, or may once they are resumed. */
  usersOfManifest(manifestId: string): string[] {
    const uses = ({ status }: TransferRecord) => status !== 'complete' && status !== 'cancelled';
    return this.#usersOf('manifestId', manifestId, uses);
  }

  /** Ids of those that are not over. */
  usersOfDestination(destinationId: string): string[] {
    return this.#usersOf('destinationId', destinationId, ({ status }) => !isOver(status));
  }

  /** How many are pending or in progress. */
  queuedFor(destinationId: string): number {
    return this.#usersOf('destinationId', destinationId, ({ status }) => isProcessing(status)).length;
  }

  /** Forgets those that ended that long ago, each by its own clock. */
  async collect({ lifetimeUs }: Pick<CleanUpTime, 'lifetimeUs'>): Promise<Partial<Removed>> {
    const isOld = (record: TransferRecord) =>
      isOver(record.status) && this.#book.now(record) - (record.endTime ?? record.requestTime) >= lifetimeUs;
    const old = [...this.#book.values()].filter(isOld);
    const removed = await Promise.all(old.map(({ transferId }) => this.#book.delete(transferId, isOld)));
    return { transfersDeleted: removed.filter(Boolean).length };
  }

  serverInfo({ account }: Pick<ApiCaller, 'account'>) {
    return { transfersInProgress: account === '' ? null : this.counts().inProgress };
  }

  metrics(): MetricSource[] {
    const read = () =>
      Object.entries(this.counts()).map(([status, value]) => ({ value, labels: { status } }));
    const help = 'Transfers that this server sends, by status; pending is the queue';
    return [
      { name: 'transfers', help, kind: 'gauge', labelNames: ['status'], read },
      {
        name: 'transfer_attempts_total',
        help: 'Attempts at transfers that were begun since the start',
        kind: 'counter',
        read: () => [{ value: this.#runner.attempts }],
      },
      {
        name: 'held_destinations',
        help: 'Destinations that failed, and are tried by one transfer at a time',
        kind: 'gauge',
        read: () => [{ value: this.#runner.heldDestinations }],
      },
    ];
  }

  /** Each has a storage worker. */
  get running(): number {
    return this.#runner.running;
  }

  /** How many there are of each status. */
  counts(): Record<TransferStatus, number> {
    const counts = { pending: 0, inProgress: 0, complete: 0, error: 0, suspended: 0, cancelled: 0 };
    for (const { status } of this.#book.values()) counts[status]++;
    return counts;
  }

  /** @param fields what changes along with the status */
  async #step(
    transferId: string,
    caller: ApiCaller,
    step: TransferStep,
    fields: (now: number) => Partial<TransferRecord> = () => ({}),
  ): Promise<TransferRecord> {
    this.find(transferId, caller);
    let status: TransferStatus | undefined;
    const changed = await this.#change(transferId, (record, now) => {
      status = nextStatus(transferId, record.status, step);
      return status === record.status ? record : this.#stopped(record, { status, ...fields(now) });
    });
    if (changed === undefined) return this.find(transferId, caller);
    // It had ended before.
    if (changed.status !== status) nextStatus(transferId, changed.status, step);
    return changed;
  }

  /** Within a change of it. @param fields what it becomes when nothing of it runs any more, unless it has ended by then */
  async #stopped(record: TransferRecord, fields: Partial<TransferRecord>): Promise<TransferRecord> {
    const stopped = await this.#runner.stop(record);
    return stopped.status === record.status ? { ...stopped, nextAttemptTime: null, ...fields } : stopped;
  }

  /** When it cannot be made, what was stopped for it, or taken out of the queue, goes on. */
  async #change(
    transferId: string,
    change: Parameters<TransferBook['change']>[1],
  ): Promise<TransferRecord | undefined> {
    try {
      return await this.#book.change(transferId, change);
    } catch (error) {
      const record = this.#book.get(transferId);
      const isStranded = record?.status === 'inProgress' && this.#runner.runOf(transferId) === undefined;
      if (isStranded) this.#enqueue(this.#book.takeUp(record));
      else if (record?.status === 'pending') this.#enqueue(record);
      throw error;
    }
  }

  #checkRoom(owner: string): void {
    if (this.#book.countOf(owner) < MAX_TRANSFERS_OF_OWNER) return;
    throw new JetStreamError(
      'limit-exceeded',
      `${MAX_TRANSFERS_OF_OWNER.toLocaleString('en')} transfers are kept for ${owner}: delete some that have ended`,
    );
  }

  #enqueue(record: TransferRecord): void {
    if (!this.#awaited.wait(record)) this.#runner.enqueue(record);
  }

  #usersOf(use: TransferUse, id: string, isUsing: (record: TransferRecord) => boolean): string[] {
    return [...this.#book.usersOf(use, id)].filter(isUsing).map(({ transferId }) => transferId);
  }
}

function asTransfer(value: unknown): TransferRecord | undefined {
  return typeof value === 'object' && value !== null ? inOneShape(value as TransferRecord) : undefined;
}
