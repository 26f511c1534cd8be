import { BLOCK_BYTES } from '@jetstream/protocol';
import type { ChunkReader } from './chunk-reader.ts';
import { bytesOf } from './chunk-runs.ts';
import type { Blake3 } from './digest.ts';
import type { OpenFile } from './file-system.ts';
import type { PartialFiles } from './partial-files.ts';
import type { Settlement } from './settlement.ts';
import { digestsOf, type TargetFile } from './target-file.ts';

interface Reading {
  readonly file: TargetFile;
  /** Undefined: all. */
  readonly chunks: readonly number[] | undefined;
  next: number;
  readonly wrong: number[];
}

/** Durable files that are read from the disk once more before they get their names. */
export class ReadBack {
  readonly #partials: PartialFiles;
  readonly #reader: ChunkReader;
  readonly #blake3: Blake3;
  readonly #settlement: Settlement;
  readonly #onWrong: (file: TargetFile, chunks: readonly number[]) => void;
  readonly #queue: Reading[] = [];
  /** Chunks of a file that were wrong, which alone are read again. */
  readonly #wrong = new Map<TargetFile, readonly number[]>();

  /** @param onWrong chunks of a file are not what was written */
  constructor(
    partials: PartialFiles,
    reader: ChunkReader,
    blake3: Blake3,
    settlement: Settlement,
    onWrong: (file: TargetFile, chunks: readonly number[]) => void,
  ) {
    this.#partials = partials;
    this.#reader = reader;
    this.#blake3 = blake3;
    this.#settlement = settlement;
    this.#onWrong = onWrong;
  }

  get files(): number {
    return this.#queue.length;
  }

  add(file: TargetFile): void {
    this.#queue.push({ file, chunks: this.#wrong.get(file), next: 0, wrong: [] });
    this.#wrong.delete(file);
  }

  /** It has its result. */
  forget(file: TargetFile): void {
    this.#wrong.delete(file);
  }

  /**
   * Reads on.
   * @param maxBytes about
   * @returns files that are what was written
   */
  goOn(maxBytes: number): TargetFile[] {
    const right: TargetFile[] = [];
    let left = maxBytes;
    for (let reading = this.#queue[0]; reading !== undefined && left > 0; reading = this.#queue[0]) {
      const { file, wrong } = reading;
      this.#settlement.attempt(file, () => {
        left -= this.#readOn(reading, left);
      });
      if (!file.settled && reading.next < countOf(reading)) continue;
      this.#queue.shift();
      if (file.settled) continue;
      this.#partials.closeAfterReading(file);
      if (wrong.length === 0) {
        right.push(file);
        continue;
      }
      this.#wrong.set(file, wrong);
      this.#onWrong(file, wrong);
    }
    return right;
  }

  /** @returns bytes read, at least 1 */
  #readOn(reading: Reading, maxBytes: number): number {
    const { file, chunks, wrong } = reading;
    const digests = digestsOf(file);
    const content = this.#partials.openForReading(file);
    let readBytes = 1;
    for (; reading.next < countOf(reading) && readBytes <= maxBytes; reading.next++) {
      const chunk = chunks?.[reading.next] ?? reading.next;
      const offset = chunk * BLOCK_BYTES;
      const byteLength = bytesOf(chunk, file.size);
      if (digests.isHole(chunk) && isHole(content, offset, byteLength)) continue;
      const digest = digests.digestOf(this.#blake3, chunk);
      if (!this.#reader.matches(content, offset, byteLength, digest)) wrong.push(chunk);
      readBytes += byteLength;
    }
    return readBytes;
  }
}

function countOf({ file, chunks }: Reading): number {
  return chunks?.length ?? Math.ceil(file.size / BLOCK_BYTES);
}

function isHole(content: OpenFile, offset: number, byteLength: number): boolean {
  const data = content.nextData(offset);
  return data !== undefined && data >= offset + byteLength;
}
