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
  readonly #waiting = new Set<() => void>();
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
    for (const waiter of this.#waiting) {
      if (this.#free.length === 0) return;
      this.#waiting.delete(waiter);
      waiter();
    }
  }

  /** After an `acquire` in vain: it is called, once, when there is a block again, each who waits in turn. */
  await(waiter: () => void): void {
    this.#waiting.add(waiter);
  }

  /** It waits no more. */
  forget(waiter: () => void): void {
    this.#waiting.delete(waiter);
  }
}
