import type { ApiCaller, Parameters, ReceiveTransfer, Source } from '@jetstream/api';
import type { MetricSource } from '@jetstream/api/server';
import { JetStreamError } from '@jetstream/protocol';
import type { Change, Collection, State } from '@jetstream/state';
import type { PathAddress } from '@jetstream/transport';
import { isLinkLost } from '../../client/ridden-out.ts';
import type { Logger } from '../../logging.ts';
import type { CleanUpTime, Removed } from '../clean-up/removed.ts';
import type { ServiceClock } from '../clock.ts';
import type { Draft } from '../draft.ts';
import type { ServiceEvents } from '../events.ts';
import { newId } from '../ids.ts';
import { maySee, type Owner } from '../owner.ts';
import type { ServicePart } from '../part.ts';
import { Reception, type ReceptionHost } from './reception.ts';
import { asReceiveRecord, describeReception, type ReceiveRecord, recordKey } from './record.ts';
import { sourcesOf } from './sources.ts';

/** Records of one account, of transfers that their sender named; the oldest that has ended makes room. */
const MAX_NAMED = 10_000;
/** And of others, which nobody asks for by name. */
const MAX_UNNAMED = 1_000;
/** Of all accounts: somewhat less than the 100,000 objects that the state takes. */
const MAX_RECORDS = 90_000;

/** How long at least it is known that a transfer was complete: its sender may have been cut off before it heard of that. */
const ONCE_US = 30 * 86_400e6;

export interface ReceivingContext {
  state: State;
  clock: ServiceClock;
  events: ServiceEvents;
  logger: Logger;
  /** Records of all accounts. Default 90,000. */
  maxRecords?: number;
}

/** Who sends, and what. */
export interface Incoming {
  /** 16 bytes, or none. */
  transferId: Uint8Array;
  account: string;
  /** Static key of the sender. */
  peerKey: Uint8Array;
  /** `serverUid` of a sender that is a server. */
  serverUid: string | null;
  from: PathAddress;
  destinationPath: string;
  localPath: string;
}

/**
 * What this server receives and has received. A transfer that its sender named has one record, however often it is sent: once it is
 * complete, it stays so, and is counted and told no more.
 */
export class Receiving implements ServicePart, ReceptionHost {
  readonly commands = {
    'recv.getTransfersAsync': (parameters: Parameters<'recv.getTransfersAsync'>, caller: ApiCaller) =>
      this.#transfers(parameters, caller),
    'recv.getSourcesAsync': (parameters: Parameters<'recv.getSourcesAsync'>, caller: ApiCaller) =>
      this.#sources(parameters, caller),
  };
  readonly clock: ServiceClock;
  readonly #context: ReceivingContext;
  readonly #records: Collection<ReceiveRecord>;
  readonly #prepareEnd: (record: ReceiveRecord) => Draft | undefined;
  /** By key of their records. */
  readonly #active = new Map<string, Reception>();

  private constructor(
    context: ReceivingContext,
    records: Collection<ReceiveRecord>,
    prepareEnd: (record: ReceiveRecord) => Draft | undefined,
  ) {
    this.clock = context.clock;
    this.#context = context;
    this.#records = records;
    this.#prepareEnd = prepareEnd;
  }

  /** @param prepareEnd what is to be done when a transfer is recorded as complete or failed, if anything */
  static async open(
    context: ReceivingContext,
    prepareEnd: (record: ReceiveRecord) => Draft | undefined,
  ): Promise<Receiving> {
    const records = await context.state.collection('receiveRecords', { decode: asReceiveRecord });
    return new Receiving(context, records, prepareEnd);
  }

  metrics(): MetricSource[] {
    const read = () => [{ value: this.#active.size }];
    return [
      { name: 'receiving_transfers', help: 'Transfers that this server receives now', kind: 'gauge', read },
    ];
  }

  /** Nobody goes on with what has no name; the end of the server was its end. */
  async start(): Promise<void> {
    for (const record of [...this.#records.values()]) {
      if (record.status !== 'receiving' || this.#active.has(recordKey(record))) continue;
      const lastErrorTime = record.lastRecvTime ?? record.startTime;
      if (record.isNamed) this.#records.putLater(recordKey(record), { ...record, lastErrorTime });
      else await this.#giveUp(record, lastErrorTime);
    }
  }

  /**
   * A transfer begins, or comes again.
   * @throws JetStreamError `limit-exceeded` when too many of the account's are under way to be recorded
   */
  begin(incoming: Incoming): Reception {
    const { account, peerKey, serverUid, from } = incoming;
    const isNamed = incoming.transferId.length > 0;
    const transferId = isNamed ? Buffer.from(incoming.transferId).toString('hex') : newId();
    const senderKey = Buffer.from(peerKey).toString('hex');
    const key = recordKey({ senderKey, account, transferId });
    const before = this.#active.get(key)?.record ?? this.#records.get(key);
    const now = Math.max(this.clock.wallUs(), before === undefined ? 0 : latestTime(before));
    const record: ReceiveRecord = {
      transferId,
      senderKey,
      isNamed,
      account,
      status: 'receiving',
      destinationPath: incoming.destinationPath,
      localPath: incoming.localPath,
      sourceIP: from.address,
      sourcePort: from.port,
      sourcePublicKey: serverUid === null ? null : Buffer.from(peerKey).toString('base64'),
      sourceServerUid: serverUid,
      totalSize: null,
      totalFiles: null,
      bytesReceived: 0,
      filesDone: 0,
      filesFailed: 0,
      lastRecvTime: before?.lastRecvTime ?? null,
      lastSendTime: before?.lastSendTime ?? null,
      lastErrorTime: before?.lastErrorTime ?? null,
      startTime: before?.startTime ?? now,
      endTime: null,
      errorCode: null,
      errorMessage: null,
    };
    const reception = new Reception(record, now, this);
    if (before?.status === 'complete') {
      reception.isOver = true;
      return reception;
    }
    const room = before === undefined ? this.#makeRoom(account, isNamed) : [];
    this.#active.set(key, reception);
    this.#write([...room, this.#records.change(key, record)]);
    this.#tell(record);
    return reception;
  }

  onProgress(reception: Reception): void {
    // Only the last attempt speaks for a transfer.
    const key = recordKey(reception.record);
    if (!this.#isOver(reception) && this.#active.get(key) === reception)
      this.#records.putLater(key, reception.record);
  }

  async onDurable(reception: Reception): Promise<void> {
    const { record } = reception;
    if (this.#isOver(reception)) return;
    reception.isOver = true;
    const { filesFailed } = record;
    const changes: Partial<ReceiveRecord> =
      filesFailed === 0
        ? { status: 'complete' }
        : { status: 'error', errorMessage: `${filesFailed} of ${record.totalFiles} files failed` };
    const written = this.#end(reception, changes);
    // Who sent by a name will not come again once it was told so; of others nobody waits for the record.
    if (record.isNamed) await written;
    else written.catch((error) => this.#warn(error));
  }

  onEnded(reception: Reception, error: JetStreamError | undefined): void {
    const key = recordKey(reception.record);
    const isCurrent = this.#active.get(key) === reception;
    if (isCurrent) this.#active.delete(key);
    if (this.#isOver(reception) || !isCurrent || error === undefined) return;
    reception.isOver = true;
    const lastErrorTime = reception.nowUs();
    if (isLinkLost(error.code) && reception.record.isNamed) {
      reception.change({ lastErrorTime });
      this.#write([this.#records.change(key, reception.record)]);
      this.#tell(reception.record);
      return;
    }
    const { code, message } = error;
    this.#end(reception, {
      status: 'error',
      lastErrorTime,
      errorCode: code === 'none' ? 'connection-lost' : code,
      errorMessage: message.slice(0, 1_000),
    }).catch((failure) => this.#warn(failure));
  }

  /** Of what was interrupted, it is given up when nobody went on with it for as long as ended transfers are kept. */
  async collect({ nowUs, lifetimeUs }: CleanUpTime): Promise<Partial<Removed>> {
    let receiveTransfersDeleted = 0;
    for (const [key, record] of [...this.#records.entries()]) {
      const mayComeAgain = record.isNamed && record.status === 'complete';
      const keptUs = mayComeAgain ? Math.max(lifetimeUs, ONCE_US) : lifetimeUs;
      if (this.#active.has(key) || latestTime(record) > nowUs - keptUs) continue;
      if (record.status === 'receiving') await this.#giveUp(record, nowUs);
      else {
        await this.#records.delete(key);
        receiveTransfersDeleted++;
      }
    }
    return { receiveTransfersDeleted };
  }

  /** Also when an attempt before it came to the end after all, while this one was under way. */
  #isOver(reception: Reception): boolean {
    return reception.isOver || this.#records.get(recordKey(reception.record))?.status === 'complete';
  }

  async #giveUp(record: ReceiveRecord, nowUs: number): Promise<void> {
    await this.#writeEnd({
      ...record,
      status: 'error',
      lastErrorTime: nowUs,
      endTime: nowUs,
      errorCode: 'connection-lost',
      errorMessage: 'it was interrupted, and nobody went on with it',
    });
  }

  async #end(reception: Reception, changes: Partial<ReceiveRecord>): Promise<void> {
    const endTime = reception.nowUs();
    reception.change({ ...changes, endTime });
    try {
      await this.#writeEnd(reception.record);
    } catch (error) {
      reception.isOver = false;
      reception.change({ status: 'receiving', endTime: null });
      throw error;
    }
  }

  async #writeEnd(record: ReceiveRecord): Promise<void> {
    const draft = this.#prepareEnd(record);
    await this.#records.put(recordKey(record), record, draft?.changes);
    this.#tell(record);
    draft?.onDurable();
  }

  #makeRoom(account: string, isNamed: boolean): Change[] {
    const { maxRecords = MAX_RECORDS } = this.#context;
    const own = [...this.#records.entries()].filter(
      ([, record]) => record.account === account && record.isNamed === isNamed,
    );
    const isOwnFull = own.length >= (isNamed ? MAX_NAMED : MAX_UNNAMED);
    if (!isOwnFull && this.#records.size < maxRecords) return [];
    let oldest: [string, ReceiveRecord] | undefined;
    for (const entry of isOwnFull ? own : this.#records.entries()) {
      const isOlder = oldest === undefined || latestTime(entry[1]) < latestTime(oldest[1]);
      if (entry[1].status !== 'receiving' && isOlder) oldest = entry;
    }
    if (oldest !== undefined) return [this.#records.change(oldest[0], undefined)];
    throw new JetStreamError(
      'limit-exceeded',
      'too many transfers of this account have begun and not ended: try again later',
      { subject: account },
    );
  }

  #write(changes: readonly Change[]): void {
    this.#context.state.write(changes).catch((error) => this.#warn(error));
  }

  #warn(error: unknown): void {
    this.#context.logger.warn({ why: String(error) }, 'a received transfer could not be recorded');
  }

  #tell(record: ReceiveRecord): void {
    this.#context.events.emit('recvTransferUpdated', describeReception(record), ownerOf(record));
  }

  #transfers(
    { limit, offset, status }: Parameters<'recv.getTransfersAsync'>,
    caller: ApiCaller,
  ): ReceiveTransfer[] {
    return [...this.#seenBy(caller)]
      .filter((record) => status === undefined || record.status === status)
      .sort((one, other) => one.startTime - other.startTime)
      .slice(offset, offset + limit)
      .map(describeReception);
  }

  #sources({ limit, offset }: Parameters<'recv.getSourcesAsync'>, caller: ApiCaller): Source[] {
    const receptionOf = (record: ReceiveRecord) => this.#active.get(recordKey(record));
    return sourcesOf(this.#seenBy(caller), receptionOf).slice(offset, offset + limit);
  }

  *#seenBy(caller: ApiCaller): Iterable<ReceiveRecord> {
    for (const [key, record] of this.#records.entries())
      if (maySee(caller, ownerOf(record))) yield this.#active.get(key)?.record ?? record;
  }
}

function ownerOf({ account }: ReceiveRecord): Owner {
  return { owner: account, ownerToken: null, ownerTokenSession: null };
}

function latestTime({ startTime, endTime, lastRecvTime, lastErrorTime }: ReceiveRecord): number {
  return Math.max(startTime, endTime ?? 0, lastRecvTime ?? 0, lastErrorTime ?? 0);
}
