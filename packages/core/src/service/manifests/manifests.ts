import type { ApiCaller, Parameters, UserData } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';
import type { Collection, ManifestFile, ManifestFileStore, State } from '@jetstream/state';
import type { UploadSource } from '../../client/upload.ts';
import { asJetStreamError } from '../../content/failure.ts';
import type { Logger } from '../../logging.ts';
import type { StorageWorkers } from '../../storage/storage-workers.ts';
import type { CleanUpTime, Removed } from '../clean-up/removed.ts';
import type { ServiceClock } from '../clock.ts';
import type { Draft } from '../draft.ts';
import type { ServiceEvents } from '../events.ts';
import { newId } from '../ids.ts';
import { type ListFilters, listObjects } from '../object-list.ts';
import { findOwned, ownerOf } from '../owner.ts';
import type { AccessOf } from '../owner-access.ts';
import type { ServicePart } from '../part.ts';
import { requirePermission } from '../tokens/permissions.ts';
import { Turns } from '../turns.ts';
import type { UserDataHolder } from '../user-data.ts';
import { describeManifest } from './describe-manifest.ts';
import { manifestCommands } from './manifest-commands.ts';
import { ManifestList } from './manifest-list.ts';
import { scanManifest } from './manifest-scan.ts';
import type { ManifestRecord } from './record.ts';
import { manifestOfKey, RequestedMappings, resolveMappings } from './requested-mappings.ts';

/** Of one owner; each is asked for once and scanned in its turn. */
const MAX_PENDING_OF_OWNER = 1_000;
/** Of the 100,000 objects that the state takes: nobody uses up all of them. */
const MAX_MANIFESTS_OF_OWNER = 50_000;
/** In all manifests of one owner, when another one is scanned: some GB on the disk of the state. */
const MAX_FILES_OF_OWNER = 50_000_000;

export interface ManifestsOptions {
  state: Pick<State, 'write'>;
  records: Collection<ManifestRecord>;
  files: ManifestFileStore;
  storage: Pick<StorageWorkers, 'take'>;
  accessOf: AccessOf;
  events: ServiceEvents;
  clock: ServiceClock;
  logger: Logger;
}

/** One that is to be written. */
export interface ManifestDraft extends Draft {
  record: Readonly<ManifestRecord>;
  /** In its place, when it was not: removes what of it is on the disk. */
  discard(): Promise<void>;
}

/** Something that needs a manifest to stay. @returns what it is, for people, e.g. "transfer 3bc6…"; undefined: nothing */
export type ManifestUse = (manifestId: string) => string | undefined;

/** Manifests of all owners: scanned in the background, kept, and read again by transfers. */
export class Manifests implements ServicePart, UserDataHolder {
  readonly commands = manifestCommands(this);
  readonly #options: ManifestsOptions;
  readonly #mappings: RequestedMappings;
  readonly #turns = new Turns({ running: 4, runningOfOwner: 2 });
  /** Under way, or waiting for their turn. */
  readonly #scans = new Map<string, { abort: AbortController; ended: Promise<void> }>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #uses: ManifestUse[] = [];
  #isClosing = false;

  static async open(
    options: Omit<ManifestsOptions, 'state' | 'records' | 'files'> & { state: State },
  ): Promise<Manifests> {
    const { state } = options;
    const records = await state.collection<ManifestRecord>('manifests');
    return new Manifests({ ...options, records, files: state.manifestFiles });
  }

  constructor(options: ManifestsOptions) {
    this.#options = options;
    this.#mappings = new RequestedMappings(options.files);
  }

  /** Those whose scan was interrupted are scanned anew. What is left of manifests that are gone is removed. */
  async start(): Promise<void> {
    const { records, files } = this.#options;
    for (const key of await files.manifestIds()) {
      if (!records.has(manifestOfKey(key))) await files.remove(key);
    }
    for (const record of records.values()) if (record.status === 'pending') this.#scan(record);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const scans = [...this.#scans.values()];
    for (const { abort } of scans) abort.abort();
    await Promise.all(scans.map(({ ended }) => ended));
  }

  /** Removes those that are older than objects may be, and that nothing uses. */
  async collect({ nowUs, lifetimeUs }: CleanUpTime): Promise<Partial<Removed>> {
    let manifestsDeleted = 0;
    for (const { manifestId, status, requestTime } of [...this.values()]) {
      const isOld = status !== 'pending' && requestTime < nowUs - lifetimeUs;
      if (!isOld || this.useOf(manifestId) !== undefined) continue;
      await this.delete(manifestId);
      manifestsDeleted++;
    }
    return { manifestsDeleted };
  }

  /** From now on, what is in use is not deleted. */
  addUse(use: ManifestUse): void {
    this.#uses.push(use);
  }

  get(manifestId: string): Readonly<ManifestRecord> | undefined {
    return this.#options.records.get(manifestId);
  }

  values(): IterableIterator<Readonly<ManifestRecord>> {
    return this.#options.records.values();
  }

  /** @throws JetStreamError `not-found` */
  find(manifestId: string, caller: ApiCaller): Readonly<ManifestRecord> {
    return findOwned(this.#options.records, manifestId, caller, 'manifest');
  }

  list(
    { status, ...filters }: ListFilters & { status?: ManifestRecord['status'] | undefined },
    caller: ApiCaller,
  ): Readonly<ManifestRecord>[] {
    const isWanted = (record: ManifestRecord) => status === undefined || record.status === status;
    return listObjects(this.values(), filters, caller, isWanted);
  }

  /** @throws JetStreamError `path-refused`, `name-invalid`, `permission-denied`, `limit-exceeded`; why it could not be kept */
  async create(
    given: Parameters<'send.createManifest'>,
    caller: ApiCaller,
  ): Promise<Readonly<ManifestRecord>> {
    const draft = await this.draft(given, caller);
    try {
      await this.#options.state.write(draft.changes);
    } catch (error) {
      await draft.discard();
      throw error;
    }
    draft.onDurable();
    return draft.record;
  }

  /** As `create`, for who writes it together with something else. @throws JetStreamError as that */
  async draft(
    { fileMappings, symlinkMode, userData }: Parameters<'send.createManifest'>,
    caller: ApiCaller,
  ): Promise<ManifestDraft> {
    const { records, accessOf, clock, events } = this.#options;
    requirePermission(caller, 'download');
    this.#checkRoom(caller.account);
    const { sandbox } = accessOf(caller.account, caller.path);
    const mappings = resolveMappings(fileMappings, sandbox);
    const manifestId = newId();
    const record: ManifestRecord = {
      manifestId,
      ...ownerOf(caller),
      sandboxPath: caller.path,
      requestTime: clock.wallUs(),
      status: 'pending',
      errorCode: null,
      errorMessage: null,
      symlinkMode,
      totalFiles: null,
      totalDirectories: null,
      totalSize: null,
      problems: [],
      userData,
    };
    await this.#mappings.put(manifestId, mappings);
    return {
      record,
      changes: [records.change(manifestId, record)],
      onDurable: () => {
        events.emit('manifestCreated', describeManifest(record), record);
        this.#scan(record);
      },
      discard: () => this.#mappings.remove(manifestId).catch(() => undefined),
    };
  }

  /** @returns it as it is when it is no longer pending, or the time is over. @throws JetStreamError `not-found`, `cancelled` */
  async wait(
    manifestId: string,
    timeoutMs: number,
    caller: ApiCaller,
    signal: AbortSignal,
  ): Promise<Readonly<ManifestRecord>> {
    const record = this.find(manifestId, caller);
    if (record.status !== 'pending') return record;
    const waiting = this.#waiting.get(manifestId) ?? new Set();
    this.#waiting.set(manifestId, waiting);
    await new Promise<void>((resolve) => {
      const over = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', over);
        waiting.delete(over);
        resolve();
      };
      const timer = setTimeout(over, timeoutMs);
      signal.addEventListener('abort', over);
      waiting.add(over);
    });
    return this.find(manifestId, caller);
  }

  /** @throws JetStreamError `io-error` when what was stored is damaged */
  async files(manifestId: string, from: number, count: number): Promise<ManifestFile[]> {
    return this.#options.files.read(manifestId, from, count);
  }

  /**
   * What a transfer of a complete manifest reads: exactly its files, as they stand then.
   * @throws JetStreamError `permission-denied`, `not-found`
   */
  sourceOf(record: ManifestRecord): UploadSource {
    const { accessOf, files } = this.#options;
    return {
      ...accessOf(record.owner, record.sandboxPath),
      mappings: [],
      symlinks: record.symlinkMode,
      list: () => new ManifestList(record, files),
    };
  }

  async changeUserData(
    manifestId: string,
    caller: ApiCaller,
    change: (before: UserData) => UserData,
  ): Promise<UserData> {
    const record = this.find(manifestId, caller);
    const userData = change(record.userData);
    await this.#put({ ...record, userData });
    return userData;
  }

  /** What uses it, for people; undefined: nothing. */
  useOf(manifestId: string): string | undefined {
    for (const use of this.#uses) {
      const user = use(manifestId);
      if (user !== undefined) return user;
    }
    return undefined;
  }

  /** An API token was taken back: what is still to be scanned for it is not. */
  async endWorkOf(token: string): Promise<void> {
    for (const { manifestId, status, ownerToken } of [...this.values()]) {
      const isTheirs = ownerToken === token && status === 'pending';
      if (isTheirs && this.useOf(manifestId) === undefined) await this.delete(manifestId);
    }
  }

  /** Ends its scan, if it is under way. @throws JetStreamError `conflict` while it is in use; why it could not be removed */
  async delete(manifestId: string): Promise<void> {
    const { records, events } = this.#options;
    const record = records.get(manifestId);
    if (record === undefined) return;
    const user = this.useOf(manifestId);
    if (user !== undefined) {
      throw new JetStreamError('conflict', `the manifest is in use by ${user}: delete that first`, {
        subject: manifestId,
      });
    }
    await records.delete(manifestId);
    this.#tellWaiting(manifestId);
    events.emit('manifestDeleted', describeManifest(record), record);
    const scan = this.#scans.get(manifestId);
    scan?.abort.abort();
    // A scan may hang with a disk: nobody is kept waiting for it.
    if (scan === undefined) await this.#removeFiles(manifestId);
  }

  #checkRoom(owner: string): void {
    let own = 0;
    let pending = 0;
    for (const record of this.values()) {
      if (record.owner !== owner) continue;
      own++;
      if (record.status === 'pending') pending++;
    }
    const refuse = (limit: number, what: string) =>
      new JetStreamError('limit-exceeded', `${limit.toLocaleString('en')} manifests ${what}`);
    if (pending >= MAX_PENDING_OF_OWNER)
      throw refuse(MAX_PENDING_OF_OWNER, 'wait to be scanned: wait for them, or delete some');
    if (own >= MAX_MANIFESTS_OF_OWNER)
      throw refuse(MAX_MANIFESTS_OF_OWNER, `are kept for ${owner}: delete some`);
  }

  #checkStored(owner: string): void {
    let files = 0;
    for (const record of this.values())
      if (record.owner === owner) files += (record.totalFiles ?? 0) + (record.totalDirectories ?? 0);
    if (files < MAX_FILES_OF_OWNER) return;
    throw new JetStreamError(
      'limit-exceeded',
      `${files.toLocaleString('en')} files are kept in manifests of ${owner}: delete some of these first`,
    );
  }

  #scan(record: ManifestRecord): void {
    const { manifestId } = record;
    const abort = new AbortController();
    const ended = this.#scanInTurn(record, abort.signal)
      .catch((error) => {
        const { code, message } = asJetStreamError(error);
        this.#options.logger.error({ manifest: manifestId, code, why: message }, 'manifest not kept');
      })
      .finally(() => this.#scans.delete(manifestId));
    this.#scans.set(manifestId, { abort, ended });
  }

  async #scanInTurn(record: ManifestRecord, signal: AbortSignal): Promise<void> {
    const { manifestId, owner } = record;
    await this.#turns.take(owner);
    try {
      if (signal.aborted) return;
      const outcome = await this.#outcomeOf(record, signal);
      if (this.#isClosing) return;
      const now = this.get(manifestId);
      if (now === undefined) return;
      await this.#put({ ...now, ...outcome });
      this.#tellWaiting(manifestId);
    } finally {
      this.#turns.end(owner);
      if (this.get(manifestId) === undefined) await this.#removeFiles(manifestId);
    }
  }

  async #outcomeOf(record: ManifestRecord, signal: AbortSignal): Promise<Partial<ManifestRecord>> {
    const { files, storage, accessOf } = this.#options;
    const { manifestId, owner, sandboxPath, symlinkMode } = record;
    let worker: ReturnType<StorageWorkers['take']> | undefined;
    try {
      // What an earlier scan left.
      await files.remove(manifestId);
      this.#checkStored(owner);
      const mappings = await this.#mappings.get(manifestId);
      const request = { ...accessOf(owner, sandboxPath), mappings, symlinks: symlinkMode };
      worker = storage.take();
      const totals = await scanManifest(manifestId, request, { files, storage: worker, signal });
      return { status: 'complete', ...totals };
    } catch (error) {
      const { code, message } = asJetStreamError(error);
      // Nobody asks for what was found until then; where it cannot be removed now, it is with the manifest.
      await files.remove(manifestId).catch(() => undefined);
      return { status: 'error', errorCode: code, errorMessage: message };
    } finally {
      await worker?.close();
    }
  }

  async #put(record: ManifestRecord): Promise<void> {
    await this.#options.records.put(record.manifestId, record);
    this.#options.events.emit('manifestUpdated', describeManifest(record), record);
  }

  async #removeFiles(manifestId: string): Promise<void> {
    await this.#options.files.remove(manifestId);
    await this.#mappings.remove(manifestId);
  }

  #tellWaiting(manifestId: string): void {
    for (const over of this.#waiting.get(manifestId) ?? []) over();
    this.#waiting.delete(manifestId);
  }
}
