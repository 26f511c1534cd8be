import { BLOCK_BYTES } from '@jetstream/protocol';
import type { Connection, ConnectionEvent } from '../contract.ts';
import { seededRandom } from '../endpoint/testing/seeded-random.ts';

/** Content of a transfer's blocks: repeatable, different in each block. */
export function blockContent(transfer: number, block: number, byteLength: number): Uint8Array {
  const random = seededRandom(transfer * 1_000_003 + block);
  const pattern = Uint8Array.from({ length: 4093 }, () => Math.floor(random() * 256));
  const bytes = new Uint8Array(byteLength);
  for (let at = 0; at < byteLength; at += pattern.length) {
    bytes.set(pattern.subarray(0, Math.min(pattern.length, byteLength - at)), at);
  }
  return bytes;
}

/** Offers the blocks of one transfer as they are wanted. */
export class BulkSource {
  /** Blocks wholly acknowledged, in the order of their events. */
  readonly acked: number[] = [];
  private next = 0;
  private wanted = false;
  private readonly connection: Connection;
  private readonly transfer: number;
  private readonly lengths: readonly number[];

  constructor(connection: Connection, transfer: number, lengths: readonly number[]) {
    this.connection = connection;
    this.transfer = transfer;
    this.lengths = lengths;
    connection.openBulkSender(transfer);
  }

  onEvent(event: ConnectionEvent): void {
    if (!('transfer' in event) || event.transfer !== this.transfer) return;
    if (event.type === 'block-wanted') this.wanted = true;
    if (event.type === 'block-acked') this.acked.push(event.block);
    while (this.wanted && this.next < this.lengths.length) {
      const block = this.next;
      this.next += 1;
      const bytes = blockContent(this.transfer, block, this.lengths[block]!);
      this.wanted = this.connection.offerBlock(this.transfer, block, bytes);
    }
  }

  get isDone(): boolean {
    return this.acked.length === this.lengths.length;
  }
}

/** Takes the blocks of one transfer, compares them and gives them back. */
export class BulkSink {
  readonly received: number[] = [];
  /** Events of blocks whose content was not what was sent. */
  readonly wrong: number[] = [];
  /** Keeps blocks when false, as a disk that hangs. */
  releases = true;
  readonly held: number[] = [];
  private readonly connection: Connection;
  private readonly transfer: number;
  private readonly lengths: readonly number[];

  constructor(connection: Connection, transfer: number, lengths: readonly number[], maxBlocks = 64) {
    this.connection = connection;
    this.transfer = transfer;
    this.lengths = lengths;
    connection.openBulkReceiver(transfer, maxBlocks);
    lengths.forEach((byteLength, block) => {
      connection.expectBlock(transfer, block, byteLength);
    });
  }

  onEvent(event: ConnectionEvent): void {
    if (event.type !== 'block-received' || event.transfer !== this.transfer) return;
    const expected = blockContent(this.transfer, event.block, this.lengths[event.block]!);
    if (Buffer.compare(expected, event.bytes) !== 0) this.wrong.push(event.block);
    this.received.push(event.block);
    if (this.releases) this.connection.releaseBlock(this.transfer, event.block, false);
    else this.held.push(event.block);
  }

  releaseOne(): void {
    const block = this.held.shift();
    if (block !== undefined) this.connection.releaseBlock(this.transfer, block, false);
  }

  releaseHeld(): void {
    for (const block of this.held.splice(0)) this.connection.releaseBlock(this.transfer, block, false);
  }

  get isDone(): boolean {
    return this.received.length === this.lengths.length;
  }
}

/** Lengths of `count` full blocks. */
export function fullBlocks(count: number): number[] {
  return Array.from({ length: count }, () => BLOCK_BYTES);
}

/** Takes all events of a connection. @returns them, after handing each to the applications */
export function drain(
  connection: Connection,
  ...applications: { onEvent(event: ConnectionEvent): void }[]
): ConnectionEvent[] {
  const events: ConnectionEvent[] = [];
  for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent()) {
    events.push(event);
    for (const application of applications) application.onEvent(event);
  }
  return events;
}
