import { type Chunk, chunkIn, type Placed } from '@jetstream/manifest';
import { ChunkUse, DIGEST_BYTES } from '@jetstream/protocol';
import { violation } from './violation.ts';

/** Something came of a chunk. */
export interface ArrivedChunk<File extends Placed> {
  /** In the block. */
  readonly position: number;
  readonly file: File;
  readonly chunk: Chunk;
  /** Undefined: its digest alone is offered. */
  readonly content: Uint8Array | undefined;
  readonly digest: Uint8Array;
}

/**
 * The chunks of a block that something came of.
 * @param files all that have a chunk in the block, in order
 * @param bytes content of those that are sent, one after the other
 * @param digests of those that are sent or offered
 * @param uses of all; undefined: all are sent
 * @throws JetStreamError `protocol-violation` when one is not as long as the others make it
 */
export function arrivedChunks<File extends Placed>(
  files: readonly File[],
  block: number,
  bytes: Uint8Array,
  digests: Uint8Array,
  uses: Uint8Array | undefined,
): ArrivedChunk<File>[] {
  if (uses !== undefined && uses.byteLength !== files.length)
    throw violation(`block ${block} has a wrong number of chunks`);
  const arrived: ArrivedChunk<File>[] = [];
  let offset = 0;
  for (const [position, file] of files.entries()) {
    const use = uses === undefined ? ChunkUse.CONTENT : uses[position];
    if (use === ChunkUse.ABSENT) continue;
    const chunk = chunkIn(file, block);
    const end = use === ChunkUse.CONTENT ? offset + chunk.byteLength : offset;
    const at = arrived.length * DIGEST_BYTES;
    arrived.push({
      position,
      file,
      chunk,
      content: use === ChunkUse.CONTENT ? bytes.subarray(offset, end) : undefined,
      digest: digests.subarray(at, at + DIGEST_BYTES),
    });
    offset = end;
  }
  if (digests.byteLength !== arrived.length * DIGEST_BYTES)
    throw violation(`block ${block} has a wrong number of digests`);
  if (bytes.byteLength !== offset) throw violation(`block ${block} has a wrong length`);
  return arrived;
}
