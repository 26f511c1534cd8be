import { type BlockIndex, chunkCount } from '@jetstream/manifest';
import { type ArrivedChunk, arrivedChunks } from './arrived-chunk.ts';
import type { BlockRequests } from './block-requests.ts';
import type { ContentIntake } from './content-intake.ts';
import { type Blake3, hasDigest } from './digest.ts';
import { digestMismatch } from './entry-result.ts';
import type { Resumption } from './resumption.ts';
import type { Settlement } from './settlement.ts';
import type { TargetFile } from './target-file.ts';
import { violation } from './violation.ts';

/** Takes what the sender says of chunks, if it may say so, and hands each to its file. */
export class BlockIntake {
  readonly #blocks: BlockIndex<TargetFile>;
  readonly #content: ContentIntake;
  readonly #resumption: Resumption;
  readonly #requests: BlockRequests;
  readonly #settlement: Settlement;
  readonly #blake3: Blake3;

  constructor(
    blocks: BlockIndex<TargetFile>,
    content: ContentIntake,
    resumption: Resumption,
    requests: BlockRequests,
    settlement: Settlement,
    blake3: Blake3,
  ) {
    this.#blocks = blocks;
    this.#content = content;
    this.#resumption = resumption;
    this.#requests = requests;
    this.#settlement = settlement;
    this.#blake3 = blake3;
  }

  /** As `TreeWriter.writeBlock`. */
  write(
    block: number,
    bytes: Uint8Array,
    digests: Uint8Array,
    uses: Uint8Array | undefined,
  ): { wantedChunks: number[]; again: boolean } {
    const files = this.#blocks.filesIn(block);
    const wanted: ArrivedChunk<TargetFile>[] = [];
    let again = false;
    const arrived = files.length === 0 ? [] : arrivedChunks(files, block, bytes, digests, uses);
    for (const one of arrived) {
      const { file, chunk } = one;
      if (this.#resumption.isUnknown(file)) throw violation(`block ${block} was not planned`);
      if (file.settled || file.digests?.has(chunk.number) || file.older?.equal?.has(chunk.number)) continue;
      const took = this.#take(one);
      if (took === 'taken' || file.settled) continue;
      again ||= took === 'disagrees';
      wanted.push(one);
    }
    // What was sent can be sent once more, and no more than that.
    const isRefused = wanted.length > 0 && this.#requests.has(block);
    if (wanted.length > 0 && bytes.byteLength > 0) this.#requests.spend(block);
    if (!isRefused) return { wantedChunks: wanted.map(({ position }) => position), again };
    for (const { file } of wanted) this.#settlement.fail(file, digestMismatch(file));
    return { wantedChunks: [], again: false };
  }

  /** As `TreeWriter.addHoles`. */
  addHoles(index: number, firstChunk: number, chunks: number): void {
    const file = this.#settlement.fileOf(index);
    if (file === undefined) return;
    if (file.size === 0 || firstChunk + chunks > chunkCount(file)) {
      throw violation(`a hole lies outside of entry ${index}`);
    }
    if (this.#resumption.isUnknown(file)) throw violation(`a hole of entry ${index} was not planned`);
    this.#settlement.attempt(file, () => this.#content.addHoles(file, firstChunk, chunks));
  }

  #take({ file, chunk, content, digest }: ArrivedChunk<TargetFile>): 'taken' | 'missing' | 'disagrees' {
    if (content !== undefined && !hasDigest(this.#blake3, content, digest)) return 'disagrees';
    let isThere = true;
    this.#settlement.attempt(file, () => {
      if (content === undefined) isThere = this.#content.takeOffered(file, chunk, digest);
      else this.#content.write(file, chunk, content, digest);
    });
    return isThere ? 'taken' : 'missing';
  }
}
