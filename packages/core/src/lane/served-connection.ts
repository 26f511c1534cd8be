import type { RatePolicy } from '@jetstream/congestion';
import type { ErrorCode } from '@jetstream/protocol';
import type { Connection, ConnectionEvent, Limiter } from '@jetstream/transport';
import { monotonicNowUs } from '../monotonic-clock.ts';
import type { ConnectionCommands, LaneConnectionEvent } from './lane-messages.ts';

interface Offer {
  block: number;
  bytes: Uint8Array;
}

/**
 * A connection in its lane: carries out what the main thread asks and turns its events into messages. Keeps a queue of
 * blocks before the transport's own, so that the transport need not wait for the main thread when it wants the next.
 */
export class ServedConnection implements ConnectionCommands {
  readonly connection: Connection;
  readonly #tell: (event: LaneConnectionEvent) => void;
  readonly #onForgotten: () => void;
  readonly #offers = new Map<number, Offer[]>();
  /** Transfers whose transport wants a block now. */
  readonly #wanting = new Set<number>();
  /** Bytes written to a stream whose queue is full. */
  readonly #waitingBytes = new Map<number, number>();
  /** As last told, of transfers that send. */
  readonly #limiters = new Map<number, Limiter>();
  #packetsTold = -1;
  #isMeasured = false;

  constructor(
    connection: Connection,
    tell: (event: LaneConnectionEvent) => void,
    onForgotten: () => void = () => undefined,
  ) {
    this.connection = connection;
    this.#tell = tell;
    this.#onForgotten = onForgotten;
  }

  acceptPeer(): void {
    this.connection.acceptPeer(monotonicNowUs());
  }

  writeStream(stream: number, bytes: Uint8Array): void {
    const hasRoom = this.connection.writeStream(stream, bytes);
    const byteCount = (this.#waitingBytes.get(stream) ?? 0) + bytes.byteLength;
    if (hasRoom) this.#onTaken(stream, byteCount);
    else this.#waitingBytes.set(stream, byteCount);
  }

  consumeStream(stream: number, byteCount: number): void {
    this.connection.consumeStream(stream, byteCount);
  }

  openBulkSender(transfer: number): void {
    this.#offers.set(transfer, []);
    this.connection.openBulkSender(transfer);
  }

  offerBlock(transfer: number, block: number, bytes: Uint8Array): void {
    this.#offers.get(transfer)?.push({ block, bytes });
    if (this.#wanting.has(transfer)) this.#offerNext(transfer);
  }

  openBulkReceiver(transfer: number, maxBlocks: number): void {
    this.connection.openBulkReceiver(transfer, maxBlocks);
  }

  expectBlock(transfer: number, block: number, byteLength: number): void {
    this.connection.expectBlock(transfer, block, byteLength);
  }

  releaseBlock(transfer: number, block: number, again: boolean): void {
    this.connection.releaseBlock(transfer, block, again);
  }

  requestBlock(transfer: number, block: number): void {
    this.connection.requestBlock(transfer, block);
  }

  closeTransfer(transfer: number): void {
    this.connection.closeTransfer(transfer);
    this.#offers.delete(transfer);
    this.#wanting.delete(transfer);
    this.#limiters.delete(transfer);
    this.#waitingBytes.delete(transfer);
    this.tellStats();
    this.#tell({ type: 'transfer-closed', transfer });
  }

  setRatePolicy(policy: RatePolicy): void {
    this.connection.setRatePolicy(monotonicNowUs(), policy);
  }

  setRateCap(bytesPerSecond: number): void {
    this.connection.setRateCap(monotonicNowUs(), bytesPerSecond);
  }

  raiseLimits(): void {
    this.connection.raiseLimits();
  }

  ping(): void {
    this.connection.ping(monotonicNowUs());
  }

  close(code: ErrorCode, reason: string): void {
    this.connection.close(monotonicNowUs(), code, reason);
  }

  forget(): void {
    this.#onForgotten();
  }

  /** Passes on all events that the connection has. */
  drainEvents(): void {
    this.tellFirstRtt();
    for (let event = this.connection.pollEvent(); event !== undefined; event = this.connection.pollEvent()) {
      this.#onEvent(event);
    }
  }

  /** Tells the first measure of the path as soon as there is one, for who begins then decides by it. @returns whether it is told */
  tellFirstRtt(): boolean {
    if (this.#isMeasured) return true;
    const stats = this.connection.stats();
    this.#isMeasured = stats.smoothedRttUs > 0;
    if (this.#isMeasured) this.#tell({ type: 'stats', stats: { ...stats } });
    return this.#isMeasured;
  }

  /** Tells what limits each transfer, and the statistics when packets have come or gone since the last time. */
  tellStats(): void {
    const stats = this.connection.stats();
    const packets = stats.packetsReceived + stats.packetsSent;
    if (packets !== this.#packetsTold) this.#tell({ type: 'stats', stats: { ...stats } });
    this.#packetsTold = packets;
    for (const transfer of this.#offers.keys()) this.#tellLimiter(transfer);
  }

  #tellLimiter(transfer: number): void {
    const limiter = this.connection.transferLimiter(transfer);
    if (limiter === (this.#limiters.get(transfer) ?? 'none')) return;
    this.#limiters.set(transfer, limiter);
    this.#tell({ type: 'limiter', transfer, limiter });
  }

  #onEvent(event: ConnectionEvent): void {
    switch (event.type) {
      case 'stream-writable':
        this.#onTaken(event.stream, this.#waitingBytes.get(event.stream) ?? 0);
        break;
      case 'block-wanted':
        this.#wanting.add(event.transfer);
        this.#offerNext(event.transfer);
        break;
      default:
        this.#tell(event);
    }
  }

  #onTaken(stream: number, byteCount: number): void {
    this.#waitingBytes.delete(stream);
    this.#tell({ type: 'stream-taken', stream, byteCount });
  }

  #offerNext(transfer: number): void {
    const offers = this.#offers.get(transfer);
    while (offers !== undefined && offers.length > 0 && this.#wanting.has(transfer)) {
      const { block, bytes } = offers.shift()!;
      if (!this.connection.offerBlock(transfer, block, bytes)) this.#wanting.delete(transfer);
      this.#tell({ type: 'block-taken', transfer });
    }
  }
}
