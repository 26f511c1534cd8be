import { type Chunk, chunkIn } from '@jetstream/manifest';
import { BLOCK_BYTES, ChunkUse, DIGEST_BYTES } from '@jetstream/protocol';
import { ChunkRuns } from './chunk-runs.ts';
import { type Blake3, chunkDigest } from './digest.ts';
import { asFileFailure } from './errno.ts';
import type { SourceContent } from './source-content.ts';
import type { SourceFile } from './source-file.ts';
import type { BlockRead } from './tree-reader.ts';

/** Reads blocks: of each chunk what the receiver needs. */
export class BlockReader {
  readonly #blake3: Blake3;
  readonly #content: SourceContent;
  readonly #offersOnly: boolean;

  /** @param offersOnly digests, never content */
  constructor(blake3: Blake3, content: SourceContent, offersOnly: boolean) {
    this.#blake3 = blake3;
    this.#content = content;
    this.#offersOnly = offersOnly;
  }

  /**
   * @param files all that have a chunk in the block, in order
   * @param chunks positions of those that were asked for; undefined: what the plans leave
   */
  read(
    files: readonly SourceFile[],
    block: number,
    into: Uint8Array,
    chunks: readonly number[] | undefined,
  ): Omit<BlockRead, 'nextBlock'> {
    const read = new BlockInMaking(files.length, into);
    for (const position of chunks ?? files.keys()) {
      const file = files[position];
      if (file?.state !== 'wanted') continue;
      try {
        if (chunks === undefined) this.#readPlanned(file, chunkIn(file, block), position, read);
        else this.#readAskedFor(file, chunkIn(file, block), position, read);
      } catch (error) {
        const { code, message } = asFileFailure(error);
        file.state = 'failed';
        this.#content.forget(file);
        read.failures.push({ index: file.index, code, message });
      }
    }
    const begun = files.find((file, position) => file.address >= block * BLOCK_BYTES && read.uses[position]);
    return read.done(begun?.path);
  }

  #readPlanned(file: SourceFile, chunk: Chunk, position: number, read: BlockInMaking): void {
    if (file.isAbsent(chunk)) {
      if (!file.checked) this.#content.check(file);
      return;
    }
    const content = read.room(chunk);
    const holes = this.#content.readUnlessHole(file, chunk, content);
    if (holes > 0) {
      read.holes = toldHoles(file, chunk.number, holes);
      return;
    }
    const use = file.digestsFirst || this.#offersOnly ? ChunkUse.OFFERED : ChunkUse.CONTENT;
    read.add(position, use, chunk, chunkDigest(this.#blake3, content));
  }

  #readAskedFor(file: SourceFile, chunk: Chunk, position: number, read: BlockInMaking): void {
    const content = read.room(chunk);
    this.#content.read(file, chunk, content);
    read.add(position, ChunkUse.CONTENT, chunk, chunkDigest(this.#blake3, content));
  }
}

/** As many as are not had, and not told before. */
function toldHoles(file: SourceFile, firstChunk: number, count: number): BlockRead['holes'] {
  file.toldHoles ??= new ChunkRuns();
  const end = Math.min(
    firstChunk + count,
    file.had?.nextIn(firstChunk) ?? Number.POSITIVE_INFINITY,
    file.toldHoles.nextIn(firstChunk),
  );
  file.toldHoles.add([firstChunk, end]);
  return { index: file.index, firstChunk, chunks: end - firstChunk };
}

class BlockInMaking {
  readonly uses: Uint8Array;
  readonly failures: BlockRead['failures'] = [];
  holes: BlockRead['holes'];
  readonly #into: Uint8Array;
  readonly #digests: Uint8Array;
  #byteLength = 0;
  #digestCount = 0;
  #contentCount = 0;

  constructor(chunks: number, into: Uint8Array) {
    this.uses = new Uint8Array(chunks);
    this.#into = into;
    this.#digests = new Uint8Array(chunks * DIGEST_BYTES);
  }

  /** Where the chunk's content goes if it is sent: behind what is there. */
  room({ byteLength }: Chunk): Uint8Array {
    return this.#into.subarray(this.#byteLength, this.#byteLength + byteLength);
  }

  add(position: number, use: number, { byteLength }: Chunk, digest: Uint8Array): void {
    this.uses[position] = use;
    this.#digests.set(digest, this.#digestCount++ * DIGEST_BYTES);
    if (use !== ChunkUse.CONTENT) return;
    this.#byteLength += byteLength;
    this.#contentCount++;
  }

  done(begun: string | undefined): Omit<BlockRead, 'nextBlock'> {
    const isWhole = this.#contentCount === this.uses.length;
    return {
      byteLength: this.#byteLength,
      // A copy, if short: a view would take all of it along to another thread.
      digests: isWhole ? this.#digests : this.#digests.slice(0, this.#digestCount * DIGEST_BYTES),
      uses: isWhole ? undefined : this.uses,
      failures: this.failures,
      begun,
      holes: this.holes,
    };
  }
}
