import { join } from 'node:path';
import type { ApiCaller, Connection, Destination, Parameters, UserData } from '@jetstream/api';
import { SecretBox } from '@jetstream/auth';
import { JetStreamError } from '@jetstream/protocol';
import type { Collection, State } from '@jetstream/state';
import { PROCESS_CLOCK } from '../../clock.ts';
import type { ServiceClock } from '../clock.ts';
import type { Draft } from '../draft.ts';
import type { ServiceEvents } from '../events.ts';
import { newId } from '../ids.ts';
import { type ListFilters, listObjects } from '../object-list.ts';
import { findOwned, ownerOf } from '../owner.ts';
import type { ServicePart } from '../part.ts';
import type { ServiceContext } from '../service.ts';
import type { UserDataHolder } from '../user-data.ts';
import { describeConnection, describeDestination } from './describe-destination.ts';
import { parseDestinationAddress } from './destination-address.ts';
import { destinationCommands } from './destination-commands.ts';
import { CredentialStore } from './destination-credentials.ts';
import { checkDestinationKey } from './destination-key.ts';
import type { DestinationLinkState } from './links.ts';
import { ownerIdentity } from './owner-identity.ts';
import { type DestinationContact, type DestinationRecord, NO_CONTACT } from './record.ts';
import { type DestinationBook, ServerLinks, type ServerLinksOptions } from './server-links.ts';

export interface DestinationsOptions {
  state: Pick<State, 'write'>;
  records: Collection<DestinationRecord>;
  credentials: CredentialStore;
  links: Omit<ServerLinksOptions, 'credentials'>;
  events: ServiceEvents;
  clock: ServiceClock;
}

/** The transfers, as far as destinations go. */
export interface DestinationQueue {
  /** How many are pending or in progress. */
  queuedFor(destinationId: string): number;
  /** Ids of those that still need it. */
  usersOfDestination(destinationId: string): readonly string[];
  /** @throws JetStreamError `not-found` */
  find(transferId: string, caller: ApiCaller): { destinationId: string };
}

/** One that is to be written at once; without changes where it is there already. */
export interface DestinationDraft extends Draft {
  record: Readonly<DestinationRecord>;
}

type Changes = Omit<Parameters<'send.updateDestination'>, 'destinationId'>;

/** Of the 100,000 objects that the state takes: nobody uses up all of them, or has all of them compared with a new one. */
const MAX_DESTINATIONS_OF_OWNER = 10_000;

/** Servers that are sent to: kept, described, and linked to when there is something to send. */
export class Destinations implements ServicePart, UserDataHolder, DestinationBook {
  readonly commands = destinationCommands(this);
  readonly links: ServerLinks;
  readonly #options: DestinationsOptions;
  #queue: DestinationQueue | undefined;

  static async open(
    context: ServiceContext,
    { manifests, bandwidth }: Pick<ServerLinksOptions, 'manifests' | 'bandwidth'>,
    times: Partial<Pick<ServerLinksOptions, 'idleMs' | 'reconnectTimeoutMs' | 'clock'>> = {},
  ): Promise<Destinations> {
    const { options, state, stateDirectory, storage, hostKey, serverId, logger } = context;
    const box = new SecretBox(join(stateDirectory, 'secret.key'));
    const publicKey = Buffer.from(hostKey.publicKey).toString('base64');
    return new Destinations({
      ...context,
      records: await state.collection('destinations'),
      credentials: new CredentialStore(box, ownerIdentity(storage), publicKey),
      links: {
        ...context,
        manifests,
        bandwidth,
        identity: { uid: state.serverUid, id: serverId },
        congestion: options.congestion ?? 'bbr',
        portable: options.portable ?? false,
        clock: PROCESS_CLOCK,
        onPathFailure: (what) => logger.warn(what),
        ...times,
      },
    });
  }

  constructor(options: DestinationsOptions) {
    this.#options = options;
    this.links = new ServerLinks({ ...options.links, credentials: options.credentials }, this);
  }

  /** From now on: who sends to them. */
  setQueue(queue: DestinationQueue): void {
    this.#queue = queue;
  }

  /** Set by whoever wants something to be written in one with a destination that comes or goes. */
  draftAlong: (
    event: 'destinationCreated' | 'destinationDeleted',
    destination: Destination,
  ) => Draft | undefined = () => undefined;

  async close(): Promise<void> {
    await this.links.close();
  }

  get(destinationId: string): Readonly<DestinationRecord> | undefined {
    return this.#options.records.get(destinationId);
  }

  /** @throws JetStreamError `not-found` */
  find(destinationId: string, caller: ApiCaller): Readonly<DestinationRecord> {
    return findOwned(this.#options.records, destinationId, caller, 'destination');
  }

  list(
    filters: ListFilters,
    caller: ApiCaller,
    matches: (record: DestinationRecord) => boolean = () => true,
  ): Readonly<DestinationRecord>[] {
    return listObjects(this.#options.records.values(), filters, caller, matches);
  }

  stateOf(destinationId: string): DestinationLinkState {
    return this.links.get(destinationId)?.state ?? 'disconnected';
  }

  describe(record: DestinationRecord): Destination {
    return describeDestination(record, this.#statusOf(record));
  }

  describeConnection(record: DestinationRecord): Connection {
    return describeConnection(record, this.#statusOf(record));
  }

  /**
   * @returns a new one, or that of the caller's which was made of the same parameters
   * @throws JetStreamError `invalid-argument`, `limit-exceeded`; why it could not be kept
   */
  async create(
    given: Parameters<'send.createDestination'>,
    caller: ApiCaller,
  ): Promise<Readonly<DestinationRecord>> {
    await this.check(given, caller);
    const draft = this.draft(given, caller);
    await this.#options.state.write(draft.changes);
    draft.onDurable();
    return draft.record;
  }

  /** To be called before `draft`. @throws JetStreamError `invalid-argument`, `permission-denied` */
  async check(given: Parameters<'send.createDestination'>, caller: ApiCaller): Promise<void> {
    requireOwnCredentials(caller, given);
    await this.#options.credentials.check(given);
  }

  /** As `create`, for who writes it together with something else, and at once. @throws JetStreamError as that */
  draft(given: Parameters<'send.createDestination'>, caller: ApiCaller): DestinationDraft {
    const { records, credentials, clock, events } = this.#options;
    const { address, port } = parseDestinationAddress(given.destinationAddress, given.destinationPort);
    const settings = {
      destinationAddress: address,
      destinationPort: port,
      userName: given.userName ?? caller.account,
      permittedDestinationPublicKey: given.permittedDestinationPublicKey,
      sendRateMax: given.sendRateMax,
      ratePolicy: given.ratePolicy,
      sourcePort: given.sourcePort,
      description: given.description,
      userData: given.userData,
    };
    const owner = ownerOf(caller);
    let own = 0;
    for (const record of records.values()) {
      if (record.owner !== owner.owner) continue;
      own++;
      const isSame =
        record.ownerToken === owner.ownerToken &&
        isEqual(settings, record) &&
        credentials.isSame(record, given);
      if (isSame) return { record, changes: [], onDurable: () => undefined };
    }
    if (own >= MAX_DESTINATIONS_OF_OWNER) {
      throw new JetStreamError(
        'limit-exceeded',
        `${MAX_DESTINATIONS_OF_OWNER.toLocaleString('en')} destinations are kept for ${owner.owner}: delete some`,
      );
    }
    const destinationId = newId();
    const record: DestinationRecord = {
      destinationId,
      ...owner,
      requestTime: clock.wallUs(),
      ...settings,
      credentials: credentials.seal(given, destinationId),
      destinationPublicKey: null,
      ...NO_CONTACT,
    };
    const described = this.describe(record);
    const along = this.draftAlong('destinationCreated', described);
    return {
      record,
      changes: [records.change(destinationId, record), ...(along?.changes ?? [])],
      onDurable: () => {
        events.emit('destinationCreated', described, record);
        along?.onDurable();
      },
    };
  }

  /**
   * What is sent goes on at the new rate; where another login, key or port is to be used, it connects anew.
   * @throws JetStreamError `not-found`, `invalid-argument`; why it could not be kept
   */
  async update(
    destinationId: string,
    changes: Changes,
    caller: ApiCaller,
  ): Promise<Readonly<DestinationRecord>> {
    const { credentials: store } = this.#options;
    if (changes.privateKey !== undefined) requireOwnCredentials(caller, changes);
    await store.check(changes);
    const before = this.find(destinationId, caller);
    const { password, privateKey, token, tokenPassword, ...settings } = changes;
    const given = { password, privateKey, token, tokenPassword };
    const hasCredentials = (password ?? privateKey ?? token) !== undefined;
    const record = await this.#change(before, {
      ...withoutUndefined(settings),
      ...(hasCredentials && { credentials: store.seal(given, destinationId) }),
    });
    this.links.applyRate(record);
    const isOther = (['userName', 'sourcePort', 'permittedDestinationPublicKey'] as const).some(
      (name) => record[name] !== before[name],
    );
    if (isOther || hasCredentials) {
      const why = new JetStreamError('connection-lost', 'the destination was changed: it connects anew');
      void this.links.disconnect(destinationId, why);
    }
    return record;
  }

  /** @throws JetStreamError `not-found`; why it could not be kept */
  async setSendRate(
    { destinationId, transferId, sendRateMax }: Parameters<'send.setSendRateAsync'>,
    caller: ApiCaller,
  ): Promise<Readonly<DestinationRecord>> {
    const id = destinationId ?? this.#queue?.find(transferId!, caller).destinationId;
    return this.update(id ?? '', { sendRateMax }, caller);
  }

  async changeUserData(
    destinationId: string,
    caller: ApiCaller,
    change: (before: UserData) => UserData,
  ): Promise<UserData> {
    const record = this.find(destinationId, caller);
    return (await this.#change(record, { userData: change(record.userData) })).userData;
  }

  /** @throws JetStreamError `not-found`; `conflict` while transfers need it; why it could not be removed */
  async delete(destinationId: string, caller: ApiCaller): Promise<void> {
    const { records, events } = this.#options;
    const record = this.find(destinationId, caller);
    const [user] = this.#queue?.usersOfDestination(destinationId) ?? [];
    if (user !== undefined) {
      throw new JetStreamError(
        'conflict',
        `transfer ${user} needs the destination: wait for it, or cancel or delete it first`,
        { subject: destinationId },
      );
    }
    const along = this.draftAlong('destinationDeleted', this.describe(record));
    await records.delete(destinationId, along?.changes);
    events.emit('destinationDeleted', this.describe(record), record);
    along?.onDurable();
    await this.links.forget(destinationId);
  }

  async acceptKey(destinationId: string, key: Uint8Array): Promise<void> {
    const record = this.get(destinationId);
    if (record === undefined) throw new JetStreamError('not-found', 'the destination was deleted');
    const destinationPublicKey = Buffer.from(key).toString('base64');
    checkDestinationKey(record, destinationPublicKey);
    if (record.destinationPublicKey !== destinationPublicKey) {
      await this.#options.records.put(destinationId, { ...record, destinationPublicKey });
    }
  }

  onContact(destinationId: string, contact: Partial<DestinationContact>): void {
    this.#note(destinationId, contact);
  }

  onPackets(destinationId: string, { received, sent }: { received: boolean; sent: boolean }): void {
    const now = this.#options.clock.wallUs();
    this.#note(destinationId, { ...(received && { lastRecvTime: now }), ...(sent && { lastSendTime: now }) });
  }

  onState(destinationId: string): void {
    const record = this.get(destinationId);
    if (record === undefined) return;
    this.#options.events.emit('destinationUpdated', this.describe(record), record);
  }

  /** What is lost of it with the machine does no harm. */
  #note(destinationId: string, contact: Partial<DestinationContact>): void {
    const record = this.get(destinationId);
    if (record !== undefined) this.#options.records.putLater(destinationId, { ...record, ...contact });
  }

  async #change(
    { destinationId }: DestinationRecord,
    changes: Partial<DestinationRecord>,
  ): Promise<Readonly<DestinationRecord>> {
    const { records, events } = this.#options;
    const record = { ...records.get(destinationId)!, ...changes };
    if (record.ratePolicy === 'fixed' && record.sendRateMax === null) {
      throw new JetStreamError('invalid-argument', 'ratePolicy fixed needs a sendRateMax: it is the rate', {
        subject: 'sendRateMax',
      });
    }
    await records.put(destinationId, record);
    events.emit('destinationUpdated', this.describe(record), record);
    return record;
  }

  #statusOf({ destinationId }: DestinationRecord) {
    return {
      state: this.stateOf(destinationId),
      roundTripMs: this.links.get(destinationId)?.roundTripMs ?? null,
      numTransfersQueued: this.#queue?.queuedFor(destinationId) ?? 0,
      congestion: this.#options.links.congestion,
    };
  }
}

/** Value by value: a new one is compared with all that its owner has, and nearly all differ in the first. */
function isEqual(settings: object, record: DestinationRecord): boolean {
  return Object.entries(settings).every(([name, value]) => {
    const other: unknown = Reflect.get(record, name);
    return value === other || (typeof value === 'object' && JSON.stringify(value) === JSON.stringify(other));
  });
}

function withoutUndefined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/**
 * Neither its creator's identity nor the trust in this server's host key is a token's to use: with them it could do elsewhere, or here by
 * way of this machine's address, what it may not do itself.
 * @throws JetStreamError `permission-denied`
 */
function requireOwnCredentials(
  caller: ApiCaller,
  { password, token }: { password?: string | undefined; token?: string | undefined },
): void {
  if (caller.token === null || password !== undefined || token !== undefined) return;
  throw new JetStreamError(
    'permission-denied',
    'whoever came by a token has to give a password or a token of the destination',
  );
}
