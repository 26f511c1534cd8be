import { BLOCK_BYTES } from '@jetstream/protocol';
import type { BlockPool, Connection, ConnectionEvent } from '@jetstream/transport';

const TRANSFER = 1;
/** Blocks that a receiver holds at once, and memory that a sender offers again and again. */
export const HELD_BLOCKS = 32;

/** Blocks of shared memory, as lanes and storage workers have them. */
export class SharedPool implements BlockPool {
  /** The only connection may have half of it: all the blocks that there are. */
  readonly maxBlocks = 2 * HELD_BLOCKS;
  private readonly free: Uint8Array[] = sharedBlocks();

  acquire(): Uint8Array | undefined {
    return this.free.pop();
  }

  release(block: Uint8Array): void {
    this.free.push(block);
  }
}

/** Logs in, so to say, and offers block after block of one transfer. */
export class BlockSource {
  acked = 0;
  private next = 0;
  private readonly connection: Connection;
  private readonly blocks: number;
  private readonly memory = sharedBlocks();

  constructor(connection: Connection, blocks: number) {
    this.connection = connection;
    this.blocks = blocks;
  }

  /** @throws Error when the connection ends */
  drain(nowUs: number): void {
    for (let event = this.connection.pollEvent(); event !== undefined; event = this.connection.pollEvent()) {
      this.onEvent(nowUs, event);
    }
  }

  get isDone(): boolean {
    return this.acked === this.blocks;
  }

  private onEvent(nowUs: number, event: ConnectionEvent): void {
    if (event.type === 'block-acked') this.acked += 1;
    else if (event.type === 'block-wanted') this.offer();
    else if (event.type === 'peer-key') this.connection.acceptPeer(nowUs);
    else if (event.type === 'closed' && event.code !== 'none') throw new Error(event.reason);
    else if (event.type === 'established') {
      this.connection.raiseLimits();
      this.connection.openBulkSender(TRANSFER);
    }
  }

  private offer(): void {
    let wanted = true;
    while (wanted && this.next < this.blocks) {
      const bytes = this.memory[this.next % this.memory.length]!;
      wanted = this.connection.offerBlock(TRANSFER, this.next, bytes);
      this.next += 1;
    }
  }
}

/** Takes blocks of one connection and gives them back at once. */
export class BlockSink {
  received = 0;
  private readonly blocks: number;

  constructor(blocks: number) {
    this.blocks = blocks;
  }

  /** @throws Error when the connection ends */
  drain(connection: Connection): void {
    for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent()) {
      if (event.type === 'block-received') {
        this.received += 1;
        connection.releaseBlock(TRANSFER, event.block, false);
      } else if (event.type === 'established') this.begin(connection);
      else if (event.type === 'closed' && event.code !== 'none') throw new Error(event.reason);
    }
  }

  private begin(connection: Connection): void {
    connection.raiseLimits();
    connection.openBulkReceiver(TRANSFER, HELD_BLOCKS);
    for (let block = 0; block < this.blocks; block++) connection.expectBlock(TRANSFER, block, BLOCK_BYTES);
  }
}

function sharedBlocks(): Uint8Array[] {
  return Array.from({ length: HELD_BLOCKS }, (_, index) =>
    new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES)).fill(index),
  );
}
