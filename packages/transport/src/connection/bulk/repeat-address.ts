import { BLOCK_BYTES } from '@jetstream/protocol';

/**
 * A block that is sent once more goes to the address 2^52 above its own (BD-4), so that no late packet of its first sending is
 * taken for the second. Here such a block simply has another number on the wire.
 */
export const REPEAT_OFFSET_BLOCKS: number = 2 ** 52 / BLOCK_BYTES;

export function isRepeat(wireBlock: number): boolean {
  return wireBlock >= REPEAT_OFFSET_BLOCKS;
}

/** The number that the application knows it by. */
export function plainBlock(wireBlock: number): number {
  return isRepeat(wireBlock) ? wireBlock - REPEAT_OFFSET_BLOCKS : wireBlock;
}
