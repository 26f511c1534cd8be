import { ADDRESS_SPACE_BYTES, BLOCK_BYTES, JetStreamError, MAX_BLOCK_CHUNKS } from '@jetstream/protocol';

/** `count` blocks from `block` on, each `byteLength` bytes long, whose files are all known. */
export interface BlockRun {
  block: number;
  count: number;
  byteLength: number;
}

/**
 * Lays the files of a transfer into its address space (PROTOCOL.md §2.2). Both ends run it over the same sizes in the same order and so
 * agree without a word on where every byte is.
 */
export class Layout {
  #end = 0;
  /** Files with bytes in the block that `#end` lies in. */
  #chunks = 0;
  #sealed: BlockRun[] = [];

  /** Address after the last byte placed. */
  get end(): number {
    return this.#end;
  }

  /**
   * Gives the next file its place: where the one before it ended if it fits whole into the rest of that block, and
   * the block has less than MAX_BLOCK_CHUNKS files yet, else the start of the next block.
   * @param size bytes
   * @returns address of the first byte; of an empty file, the current end
   * @throws JetStreamError `limit-exceeded` when the file would end above 2^52, `invalid-argument` for what is no size
   */
  place(size: number): number {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new JetStreamError('invalid-argument', `${size} is not the size of a file`);
    }
    if (size === 0) return this.#end;
    const used = this.#end % BLOCK_BYTES;
    const fits = used === 0 || (size <= BLOCK_BYTES - used && this.#chunks < MAX_BLOCK_CHUNKS);
    const address = fits ? this.#end : this.#end - used + BLOCK_BYTES;
    const end = address + size;
    if (end > ADDRESS_SPACE_BYTES) {
      throw new JetStreamError('limit-exceeded', 'the transfer is larger than 2^52 bytes; split it');
    }
    if (!fits) this.#seal(this.#end - used, 1, used);
    const block = Math.floor(address / BLOCK_BYTES);
    const fullBlocks = Math.floor(end / BLOCK_BYTES) - block;
    if (fullBlocks > 0) this.#seal(block * BLOCK_BYTES, fullBlocks, BLOCK_BYTES);
    this.#end = end;
    if (end % BLOCK_BYTES === 0) this.#chunks = 0;
    else this.#chunks = fits && used > 0 ? this.#chunks + 1 : 1;
    return address;
  }

  /** No file follows: the last block is as long as it is now. */
  finish(): void {
    const used = this.#end % BLOCK_BYTES;
    if (used > 0) this.#seal(this.#end - used, 1, used);
    this.#end += used === 0 ? 0 : BLOCK_BYTES - used;
  }

  /** Blocks that became fully known since the last call, in order. Runs, because one file can have 2^33 of them. */
  takeSealed(): BlockRun[] {
    const sealed = this.#sealed;
    this.#sealed = [];
    return sealed;
  }

  #seal(address: number, count: number, byteLength: number): void {
    this.#sealed.push({ block: address / BLOCK_BYTES, count, byteLength });
  }
}
