import { BLOCK_BYTES } from '@jetstream/protocol';
import type { BlockPool } from '../contract.ts';

/** A pool with a limit that knows what is out. */
export class CountingPool implements BlockPool {
  outstanding = 0;
  mostOutstanding = 0;
  refusals = 0;
  private readonly free: Uint8Array[] = [];
  private readonly lent = new Set<Uint8Array>();

  maxBlocks: number;

  constructor(maxBlocks: number) {
    this.maxBlocks = maxBlocks;
  }

  acquire(): Uint8Array | undefined {
    if (this.outstanding >= this.maxBlocks) {
      this.refusals += 1;
      return undefined;
    }
    const block = this.free.pop() ?? new Uint8Array(BLOCK_BYTES);
    this.lent.add(block);
    this.outstanding += 1;
    this.mostOutstanding = Math.max(this.mostOutstanding, this.outstanding);
    return block;
  }

  release(block: Uint8Array): void {
    if (!this.lent.delete(block)) throw new Error('a block was released that is not lent');
    this.outstanding -= 1;
    this.free.push(block);
  }
}
