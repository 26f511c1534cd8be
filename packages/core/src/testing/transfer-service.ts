import type { ApiCaller, ApiEvent } from '@jetstream/api';
import type { Change } from '@jetstream/state';
import pino from 'pino';
import { type DestinationRecord, NO_CONTACT } from '../service/destinations/record.ts';
import { ServiceEvents } from '../service/events.ts';
import type { ManifestRecord } from '../service/manifests/record.ts';
import type { TransferRequest } from '../service/transfers/new-transfer.ts';
import type { TransferRecord } from '../service/transfers/record.ts';
import type { TransferStore } from '../service/transfers/transfer-book.ts';
import { Transfers } from '../service/transfers/transfers.ts';
import { apiCaller } from './api-caller.ts';
import { FakeDestinationLinks } from './fake-destination-links.ts';
import { ManualClock } from './manual-clock.ts';

/** A store whose disk a test may hold up, break, or take a copy of as it was when power was cut. */
export class FakeTransferStore implements TransferStore {
  readonly #objects: Map<string, TransferRecord>;
  readonly #durable: Map<string, TransferRecord>;
  /** Every write waits for it. */
  disk: Promise<void> = Promise.resolve();

  constructor(durable: Iterable<[string, TransferRecord]> = []) {
    this.#durable = new Map(durable);
    this.#objects = new Map(this.#durable);
  }

  /** What another process would find. */
  afterCrash(): FakeTransferStore {
    return new FakeTransferStore(this.#durable);
  }

  get(id: string): TransferRecord | undefined {
    return this.#objects.get(id);
  }

  values(): IterableIterator<TransferRecord> {
    return this.#objects.values();
  }

  put(id: string, record: TransferRecord, also: readonly Change[] = []): Promise<void> {
    return this.#write(id, record, also);
  }

  delete(id: string): Promise<void> {
    return this.#write(id, undefined);
  }

  putLater(id: string, record: TransferRecord): void {
    this.#objects.set(id, structuredClone(record));
  }

  /** @param also applied once it is durable */
  async #write(id: string, record: TransferRecord | undefined, also: readonly Change[] = []): Promise<void> {
    const before = this.#objects.get(id);
    set(this.#objects, id, record);
    try {
      await this.disk;
      set(this.#durable, id, record);
      for (const change of also) change.apply();
    } catch (error) {
      set(this.#objects, id, before);
      throw error;
    }
  }
}

function set(objects: Map<string, TransferRecord>, id: string, record: TransferRecord | undefined): void {
  if (record === undefined) objects.delete(id);
  else objects.set(id, structuredClone(record));
}

export const caller = (account: string, fields: Partial<ApiCaller> = {}) => apiCaller({ account, ...fields });

/** Transfers with destinations and manifests of any name, of which nothing is sent; time passes when the test says so. */
export class TransferService {
  readonly clock = new ManualClock();
  readonly links = new FakeDestinationLinks();
  readonly store: FakeTransferStore;
  readonly events: ApiEvent[] = [];
  readonly serviceEvents: ServiceEvents;
  readonly transfers: Transfers;
  /** Unix time, µs: a wall clock that may step. */
  wallUs = 1_790_000_000_000_000;
  /** A token that is good no more. */
  revoked = '';
  readonly manifests = new Map<string, ManifestRecord>();
  readonly destinations = new Map<string, DestinationRecord>();
  /** Accounts that may not be used. */
  readonly outOfUse = new Set<string>();

  constructor(store = new FakeTransferStore(), limits = { maxTransfers: 4, maxTransfersPerDestination: 2 }) {
    const logger = pino({ level: 'silent' });
    this.store = store;
    const serviceClock = { wallUs: () => this.wallUs, monotonicUs: () => this.clock.nowMs() * 1_000 };
    this.serviceEvents = new ServiceEvents(serviceClock, logger);
    this.serviceEvents.subscribe((event) => this.events.push(event as ApiEvent));
    for (const owner of ['ann', 'bob']) {
      this.manifests.set(`manifest-of-${owner}`, manifest(owner));
      for (const name of ['far', 'near'])
        this.destinations.set(`${name}-of-${owner}`, destination(`${name}-of-${owner}`, owner));
    }
    this.transfers = new Transfers({
      store,
      events: this.serviceEvents,
      links: this.links,
      destinations: this.destinations,
      manifests: this.manifests,
      mayAct: async (owner) => !this.outOfUse.has(owner),
      isStillValid: ({ token }) => token !== this.revoked,
      limits,
      serviceClock,
      clock: this.clock,
      random: () => 0,
      logger,
    });
  }

  async create(
    fields: Partial<TransferRequest> = {},
    account = 'ann',
    by = caller(account),
  ): Promise<string> {
    const { transferId } = await this.transfers.create(
      {
        destinationId: `far-of-${account}`,
        manifestId: `manifest-of-${account}`,
        destinationPath: '/in',
        priority: 100,
        userData: {},
        overwrite: 'partfile-always',
        skip: 'by-status',
        verify: false,
        preserve: false,
        readBack: false,
        checkpointFrequencySeconds: 5,
        ...fields,
      },
      by,
    );
    await this.settle();
    return transferId;
  }

  /** All that happens by itself without time passing. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await this.clock.advance(0);
  }

  get(transferId: string, account = 'ann') {
    return this.transfers.describe(this.transfers.find(transferId, caller(account)));
  }

  status(transferId: string): string {
    return this.get(transferId).status;
  }

  /** Ids of those that are being sent. */
  get running(): string[] {
    return this.links.running.map(({ options }) => options.transferId);
  }
}

function manifest(owner: string): ManifestRecord {
  return {
    manifestId: `manifest-of-${owner}`,
    owner,
    ownerToken: null,
    ownerTokenSession: null,
    requestTime: 1,
    status: 'complete',
    errorCode: null,
    errorMessage: null,
    sandboxPath: null,
    symlinkMode: 'follow',
    totalFiles: 3,
    totalDirectories: 0,
    totalSize: 1_000,
    problems: [],
    userData: {},
  };
}

function destination(destinationId: string, owner: string): DestinationRecord {
  return {
    destinationId,
    owner,
    ownerToken: null,
    ownerTokenSession: null,
    requestTime: 1,
    destinationAddress: 'far.lan',
    destinationPort: 8886,
    sourcePort: 0,
    userName: owner,
    credentials: { kind: 'none' },
    sendRateMax: null,
    ratePolicy: 'fair',
    permittedDestinationPublicKey: null,
    destinationPublicKey: null,
    description: '',
    userData: {},
    ...NO_CONTACT,
  };
}
