import type { RatePolicy } from '@jetstream/congestion';
import type { ErrorCode } from '@jetstream/protocol';
import type { ConnectionStats, PathAddress } from '@jetstream/transport';
import type { BlockMemory } from '../block-memory.ts';
import { CreditBrake } from './credit-brake.ts';
import type { ConnectionCommands, LaneConnectionEvent } from './lane-messages.ts';

/** Bytes written to a stream and not taken by its lane, above which a writer should wait. */
const STREAM_QUEUE_BYTES = 256 * 1024;
/** Blocks offered and not taken by the transport: enough that it never waits for this thread. */
const OFFERED_BLOCKS = 2;

/** Sends one call to the connection in its lane. */
export type CallConnection = <Call extends keyof ConnectionCommands>(
  call: Call,
  ...parameters: Parameters<ConnectionCommands[Call]>
) => void;

/** What `LaneConnection` passes on to its session. */
export type SessionEvent =
  | Exclude<
      LaneConnectionEvent,
      { type: 'stream-taken' } | { type: 'block-taken' } | { type: 'transfer-closed' } | { type: 'stats' }
    >
  | { type: 'stream-writable'; stream: number }
  /** The transport or its queue has room for another `offerBlock`. */
  | { type: 'block-wanted'; transfer: number };

/**
 * The main thread's end of a connection. Whatever it does is a message to the lane: nothing here waits, and what comes back
 * may be about a moment that has passed. It holds memory and places in queues on behalf of both sides, so that neither can
 * touch what the other still uses.
 */
export class LaneConnection {
  remoteAddress: PathAddress;
  /** Set by the session. */
  onEvent: (event: SessionEvent) => void = () => undefined;
  readonly #call: CallConnection;
  readonly #queuedBytes = new Map<number, number>();
  readonly #waitingStreams = new Set<number>();
  readonly #sending = new Map<number, SendingTransfer>();
  /** Closed by us, but the lane may have told of them before it knew. */
  readonly #closing = new Map<number, () => void>();
  readonly #awaitingPeer = new Set<(heard: boolean) => void>();
  /** Resolves at the end of the connection: it uses nothing any more that it was lent for sending. */
  readonly ended: Promise<void>;
  #onEnded!: () => void;
  readonly #brake = new CreditBrake();
  #sendShare: number = Number.POSITIVE_INFINITY;
  #peerLimit: number = Number.POSITIVE_INFINITY;
  #rateCap: number = Number.POSITIVE_INFINITY;
  #blocksInHand = 0;
  #closed = false;
  #stats: ConnectionStats | undefined;

  constructor(remoteAddress: PathAddress, call: CallConnection) {
    this.remoteAddress = remoteAddress;
    this.#call = call;
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
  }

  /** Of at most a tenth of a second ago; undefined before the first packet. */
  get stats(): Readonly<ConnectionStats> | undefined {
    return this.#stats;
  }

  acceptPeer(): void {
    this.#call('acceptPeer');
  }

  /** Queues bytes. @returns false when the queue is over its bound: `stream-writable` follows */
  writeStream(stream: number, bytes: Uint8Array): boolean {
    this.#call('writeStream', stream, bytes);
    const queued = (this.#queuedBytes.get(stream) ?? 0) + bytes.byteLength;
    this.#queuedBytes.set(stream, queued);
    if (queued > STREAM_QUEUE_BYTES) this.#waitingStreams.add(stream);
    return !this.#waitingStreams.has(stream);
  }

  /** The application has dealt with that many bytes of the stream: they become credit for the peer. */
  consumeStream(stream: number, byteCount: number): void {
    this.#call('consumeStream', stream, byteCount);
  }

  /** Begins to send bulk data from blocks of `memory`. The first is wanted at once. */
  openBulkSender(transfer: number, memory: BlockMemory): void {
    this.#sending.set(transfer, new SendingTransfer(memory));
    this.#call('openBulkSender', transfer);
  }

  /**
   * Hands over a block of which `bytes` is the beginning: its memory goes back to the pool when all of it was acknowledged, or
   * the lane uses it no more.
   * @returns whether another one is wanted at once; otherwise `block-wanted` follows
   */
  offerBlock(transfer: number, block: number, memory: Uint8Array, byteLength: number): boolean {
    const sending = this.#sending.get(transfer);
    if (sending === undefined || this.#closed) throw new Error(`transfer ${transfer} sends nothing`);
    this.#call('offerBlock', transfer, block, memory.subarray(0, byteLength));
    return sending.offer(block, memory);
  }

  /** Begins to take bulk data; at most `maxBlocks` are held in memory at once. */
  openBulkReceiver(transfer: number, maxBlocks: number): void {
    this.#call('openBulkReceiver', transfer, maxBlocks);
  }

  /** The manifest says how long a block is; without it a block never completes. */
  expectBlock(transfer: number, block: number, byteLength: number): void {
    this.#call('expectBlock', transfer, block, byteLength);
  }

  /** A received block was dealt with; to be called for each, also when its transfer is over. */
  releaseBlock(transfer: number, block: number, again: boolean): void {
    this.#brake.release(() => {
      this.#blocksInHand--;
      this.#call('releaseBlock', transfer, block, again);
      this.#forgetWhenDone();
    });
  }

  /** A block that was released is asked for once more, and to be expected anew; at most once for a block. */
  requestBlock(transfer: number, block: number): void {
    this.#call('requestBlock', transfer, block);
  }

  /**
   * No event of the transfer comes any more; what was written to its stream is still delivered.
   * @returns resolves when the lane knows, with `stats` as they were then, or at the end of the connection
   */
  async closeTransfer(transfer: number): Promise<void> {
    if (this.#closed || this.#closing.has(transfer)) return;
    this.#call('closeTransfer', transfer);
    await new Promise<void>((resolve) => this.#closing.set(transfer, resolve));
  }

  /** How fast this side sends. @param policy one that passed `checkRatePolicy` */
  setRatePolicy(policy: RatePolicy): void {
    this.#call('setRatePolicy', policy);
  }

  /** This side sends no faster, whatever the policy. @param bytesPerSecond of UDP payload; Infinity for no bound */
  setSendShare(bytesPerSecond: number): void {
    this.#sendShare = bytesPerSecond;
    this.#applyRateCap();
  }

  /** The peer receives no faster (RP-5). @param bytesPerSecond of UDP payload; Infinity for no bound */
  setPeerLimit(bytesPerSecond: number): void {
    this.#peerLimit = bytesPerSecond;
    this.#applyRateCap();
  }

  /** The peer was told to send no faster: whatever it does, it gets no credit for more. @param bytesPerSecond of UDP payload; Infinity for no bound */
  setReceiveShare(bytesPerSecond: number): void {
    if (!this.#closed) this.#brake.setRate(bytesPerSecond);
  }

  /** After the login: what a peer may use beyond the limits of LG-1. */
  raiseLimits(): void {
    this.#call('raiseLimits');
  }

  /**
   * Asks the peer for a sign of life.
   * @returns whether a packet of the peer came within that time; false also of a connection that has ended
   */
  async answers(withinMs: number): Promise<boolean> {
    if (this.#closed) return false;
    this.#call('ping');
    return new Promise((resolve) => {
      const told = (heard: boolean) => {
        clearTimeout(timer);
        this.#awaitingPeer.delete(told);
        resolve(heard);
      };
      const timer = setTimeout(told, withinMs, false);
      this.#awaitingPeer.add(told);
    });
  }

  close(code: ErrorCode, reason: string): void {
    this.#call('close', code, reason);
  }

  /** For the lane's host: something arrived. */
  receive(event: LaneConnectionEvent): void {
    if (this.#closed) return;
    switch (event.type) {
      case 'stats':
        this.#onStats(event.stats);
        return;
      case 'stream-taken':
        this.#onTaken(event.stream, event.byteCount);
        return;
      case 'block-taken':
        if (this.#sending.get(event.transfer)?.taken() === true)
          this.#tell({ type: 'block-wanted', transfer: event.transfer });
        return;
      case 'block-acked':
        this.#sending.get(event.transfer)?.acked(event.block);
        break;
      case 'block-received':
        this.#blocksInHand++;
        this.#brake.onReceived(event.bytes.byteLength);
        if (this.#closing.has(event.transfer)) this.releaseBlock(event.transfer, event.block, false);
        break;
      case 'transfer-closed':
        this.#onTransferClosed(event.transfer);
        return;
      case 'path-changed':
        this.remoteAddress = event.address;
        break;
      case 'closed':
        this.#onClosed();
        break;
    }
    this.#tell(event);
  }

  #applyRateCap(): void {
    const cap = Math.min(this.#sendShare, this.#peerLimit);
    if (cap === this.#rateCap) return;
    this.#rateCap = cap;
    this.#call('setRateCap', cap);
  }

  #onStats(stats: ConnectionStats): void {
    const heard = stats.packetsReceived > (this.#stats?.packetsReceived ?? 0);
    this.#stats = stats;
    if (heard) this.#answerWaiting(true);
  }

  #answerWaiting(heard: boolean): void {
    for (const told of [...this.#awaitingPeer]) told(heard);
  }

  #tell(event: SessionEvent): void {
    if ('transfer' in event && this.#closing.has(event.transfer)) return;
    if ('stream' in event && this.#closing.has(event.stream)) return;
    this.onEvent(event);
  }

  #onTaken(stream: number, byteCount: number): void {
    const queued = Math.max(0, (this.#queuedBytes.get(stream) ?? 0) - byteCount);
    this.#queuedBytes.set(stream, queued);
    if (queued > STREAM_QUEUE_BYTES / 2 || !this.#waitingStreams.delete(stream)) return;
    this.#tell({ type: 'stream-writable', stream });
  }

  #onTransferClosed(transfer: number): void {
    this.#closing.get(transfer)?.();
    this.#closing.delete(transfer);
    this.#queuedBytes.delete(transfer);
    this.#waitingStreams.delete(transfer);
    this.#sending.get(transfer)?.end();
    this.#sending.delete(transfer);
  }

  /** A closed connection sends nothing more: its memory is ours. */
  #onClosed(): void {
    this.#closed = true;
    this.#answerWaiting(false);
    for (const onTransferClosed of this.#closing.values()) onTransferClosed();
    for (const sending of this.#sending.values()) sending.end();
    this.#sending.clear();
    this.#onEnded();
    this.#brake.end();
    this.#forgetWhenDone();
  }

  #forgetWhenDone(): void {
    if (this.#closed && this.#blocksInHand === 0) this.#call('forget');
  }
}

/** Blocks of one transfer that the lane has: their memory is the lane's until they are acknowledged. */
class SendingTransfer {
  readonly #memory: BlockMemory;
  readonly #lent = new Map<number, Uint8Array>();
  #offered = 0;

  constructor(memory: BlockMemory) {
    this.#memory = memory;
  }

  offer(block: number, memory: Uint8Array): boolean {
    this.#lent.set(block, memory);
    return ++this.#offered < OFFERED_BLOCKS;
  }

  /** @returns whether there is room now where there was none */
  taken(): boolean {
    return this.#offered-- === OFFERED_BLOCKS;
  }

  acked(block: number): void {
    const memory = this.#lent.get(block);
    if (memory !== undefined) this.#memory.release(memory);
    this.#lent.delete(block);
  }

  end(): void {
    for (const memory of this.#lent.values()) this.#memory.release(memory);
    this.#lent.clear();
  }
}
