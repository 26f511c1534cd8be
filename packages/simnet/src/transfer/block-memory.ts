import { BLOCK_BYTES } from '@jetstream/protocol';
import type { BlockPool } from '@jetstream/transport';

/** A bounded block pool whose blocks come spoiled, so that a byte never written shows. */
export class BlockMemory implements BlockPool {
  readonly maxBlocks: number;
  readonly #free: Uint8Array[] = [];
  readonly #out = new Set<Uint8Array>();

  constructor(maxBlocks: number) {
    this.maxBlocks = maxBlocks;
  }

  get inUse(): number {
    return this.#out.size;
  }

  acquire(): Uint8Array | undefined {
    if (this.#out.size >= this.maxBlocks) return undefined;
    const block = this.#free.pop() ?? new Uint8Array(BLOCK_BYTES);
    block.fill(0xdb);
    this.#out.add(block);
    return block;
  }

  /** @throws Error for a block that is not out: released twice, or not ours */
  release(block: Uint8Array): void {
    if (!this.#out.delete(block)) throw new Error('a block was released that is not in use');
    this.#free.push(block);
  }
}
