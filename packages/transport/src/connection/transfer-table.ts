import { JetStreamError, MAX_OPEN_TRANSFERS } from '@jetstream/protocol';
import { INITIAL_STREAM_CREDIT_BYTES, type PeerParameters } from '../handshake-driver.ts';
import type { ConnectionBudget } from './bulk/block-budget.ts';
import type { BulkReceiver } from './bulk/bulk-receiver.ts';
import { RangeSet } from './range-set.ts';
import type { SendStream } from './streams/send-stream.ts';
import { TransferState } from './transfer-state.ts';

/** Bytes that a peer may be ahead on a stream once it is logged in; grows by itself. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
/** LG-1: what an unknown peer may open. */
const MAX_TRANSFERS_BEFORE_LOGIN = 1;
/** Streams of closed transfers that may still have bytes to deliver. */
const MAX_FLUSHING_STREAMS = MAX_OPEN_TRANSFERS;
/** A peer that leaves out numbers has the lowest gaps closed. */
const MAX_CLOSED_RANGES = 256;

/** The transfers of a connection: open, closed with bytes of their stream to deliver, and finished (ST-2). */
export class TransferTable {
  /** Stream 0 and the open transfers, in the order of opening. */
  readonly list: TransferState[];
  /** Sending streams of closed transfers that the peer has not wholly acknowledged. */
  readonly flushing: SendStream[] = [];
  private readonly open = new Map<number, TransferState>();
  /** The open transfer asked for last. */
  private latest: TransferState | undefined;
  /** Bulk receivers of closed transfers with blocks in the application's hands. */
  private readonly abandoned = new Map<number, BulkReceiver>();
  private readonly closed = new RangeSet();
  private limitsRaised = false;

  private readonly role: 'client' | 'server';
  private readonly peer: PeerParameters;
  private readonly budget: ConnectionBudget;

  /** @param peer says what it lets us send at first */
  constructor(role: 'client' | 'server', peer: PeerParameters, budget: ConnectionBudget) {
    this.role = role;
    this.budget = budget;
    this.peer = peer;
    this.closed.insert(0, 1);
    this.list = [];
    this.add(0);
  }

  get openCount(): number {
    return this.list.length - 1;
  }

  get areLimitsRaised(): boolean {
    return this.limitsRaised;
  }

  find(id: number): TransferState | undefined {
    if (this.latest?.id !== id) this.latest = this.open.get(id);
    return this.latest;
  }

  /** A stream to send on: of an open transfer, or of one closed that still has bytes to deliver. */
  findSendStream(id: number): SendStream | undefined {
    const transfer = this.find(id);
    return transfer === undefined ? this.flushing.find((stream) => stream.id === id) : transfer.sendStream;
  }

  /** For a call of the application. undefined: finished already. */
  openByApplication(id: number): TransferState | undefined {
    if (!Number.isSafeInteger(id) || id < 0)
      throw new JetStreamError('invalid-argument', `there is no transfer ${id}`);
    return this.open.get(id) ?? (this.isFinished(id) ? undefined : this.add(id));
  }

  /**
   * For a frame of the peer.
   * @returns `finished`: to be ignored; `refused`: too many are open, the packet must not be acknowledged
   * @throws JetStreamError `protocol-violation`: servers open no transfers
   */
  openByPeer(id: number): TransferState | 'finished' | 'refused' {
    const transfer = this.find(id);
    if (transfer !== undefined) return transfer;
    if (this.isFinished(id)) return 'finished';
    if (this.role === 'client')
      throw new JetStreamError('protocol-violation', `transfer ${id} was never opened`);
    const limit = this.limitsRaised ? MAX_OPEN_TRANSFERS : MAX_TRANSFERS_BEFORE_LOGIN;
    return this.openCount < limit ? this.add(id) : 'refused';
  }

  /** Ends a transfer, also one never opened; what was written to its stream is still delivered. */
  close(id: number): void {
    this.markFinished(id);
    const transfer = this.open.get(id);
    if (transfer === undefined) return;
    this.open.delete(id);
    this.latest = undefined;
    this.list.splice(this.list.indexOf(transfer), 1);
    if (!transfer.sendStream.isFlushed) {
      this.flushing.push(transfer.sendStream);
      if (this.flushing.length > MAX_FLUSHING_STREAMS) this.flushing.shift();
    }
    this.abandonBulk(transfer);
  }

  /** The connection is over: gives block memory back but for that in the application's hands. */
  closeAll(): void {
    for (const transfer of this.list) this.abandonBulk(transfer);
  }

  /** Where a block in the application's hands belongs; also after its transfer was closed. */
  findBulkReceiver(id: number): BulkReceiver | undefined {
    return this.abandoned.get(id) ?? this.open.get(id)?.bulkReceiver;
  }

  onBlockReleased(id: number): void {
    if (this.abandoned.get(id)?.handedOverCount === 0) this.abandoned.delete(id);
  }

  onStreamAcked(stream: SendStream): void {
    if (!stream.isFlushed) return;
    const at = this.flushing.indexOf(stream);
    if (at >= 0) this.flushing.splice(at, 1);
  }

  /** Would bulk data of this transfer, the first one, take memory that is not for strangers? */
  mayReceive(transfer: TransferState): boolean {
    return this.limitsRaised || transfer.bulkReceiver !== undefined || !this.budget.isCrowded;
  }

  raiseLimits(): void {
    this.limitsRaised = true;
    for (const transfer of this.list) transfer.receiveStream.raiseWindow(STREAM_WINDOW_BYTES);
  }

  private add(id: number): TransferState {
    const { initialStreamCreditBytes, initialBlockCredit } = this.peer;
    const transfer = new TransferState(
      id,
      initialStreamCreditBytes,
      initialBlockCredit,
      INITIAL_STREAM_CREDIT_BYTES,
      this.budget,
    );
    if (this.limitsRaised) transfer.receiveStream.raiseWindow(STREAM_WINDOW_BYTES);
    this.open.set(id, transfer);
    this.list.push(transfer);
    return transfer;
  }

  private abandonBulk(transfer: TransferState): void {
    const { bulkReceiver } = transfer;
    if (bulkReceiver === undefined) return;
    bulkReceiver.abandon();
    if (bulkReceiver.handedOverCount > 0) this.abandoned.set(transfer.id, bulkReceiver);
  }

  private isFinished(id: number): boolean {
    return this.closed.contains(id);
  }

  private markFinished(id: number): void {
    this.closed.insert(id, id + 1);
    if (this.closed.rangeCount > MAX_CLOSED_RANGES)
      this.closed.insert(this.closed.endOf(0), this.closed.startOf(1));
  }
}
