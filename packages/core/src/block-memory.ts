import { pageAlignedMemory } from '@jetstream/platform';
import { BLOCK_BYTES } from '@jetstream/protocol';
import type { BlockPool } from '@jetstream/transport';

/**
 * Buffers of BLOCK_BYTES that the network thread and storage workers share. Shared memory, so that handing a block to a
 * worker copies nothing. Allocated on first use, reused after, never more than `maxBlocks` at once.
 */
export class BlockMemory implements BlockPool {
  readonly #free: Uint8Array[] = [];
  readonly maxBlocks: number;
  #allocated = 0;

  constructor(maxBlocks: number) {
    this.maxBlocks = maxBlocks;
  }

  acquire(): Uint8Array | undefined {
    const block = this.#free.pop();
    if (block !== undefined) return block;
    if (this.#allocated === this.maxBlocks) return undefined;
    this.#allocated++;
    return pageAlignedMemory(BLOCK_BYTES);
  }

  release(block: Uint8Array): void {
    this.#free.push(block);
  }
}
