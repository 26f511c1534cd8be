import {
  type Chunk,
  chunkCount,
  escapeName,
  type FileStatus,
  type Found,
  type ManifestEntry,
  type Placed,
  type SourcePath,
  sourceComponents,
} from '@jetstream/manifest';
import { BLOCK_BYTES, JetStreamError } from '@jetstream/protocol';
import type { ChunkRuns } from './chunk-runs.ts';

/** A file or directory (which is one without content) of a transfer, at its sender. Small: many thousands may be on their way. */
export class SourceFile implements Placed {
  readonly index: number;
  readonly address: number;
  readonly size: number;
  readonly kind: ManifestEntry['kind'];
  readonly directory: SourcePath;
  readonly name: string;
  readonly followed: boolean;
  state: 'wanted' | 'failed' | 'settled' = 'wanted';
  /** It was seen to be what the scan saw, since then. */
  checked = false;
  /** The receiver has an older version: digests go before content. */
  digestsFirst = false;
  /** Chunks that the receiver said it has, if any. */
  had: ChunkRuns | undefined;
  /** Chunks that it was told to be holes, if any. */
  toldHoles: ChunkRuns | undefined;
  /** Where the directory does not give it. */
  readonly #target: string | undefined;
  /** What the scan saw. Not its whole status. */
  readonly #device: number;
  readonly #inode: number;
  readonly #mtimeSeconds: number;
  readonly #mtimeNanoseconds: number;

  constructor(index: number, address: number, { entry, status, directory, name, followed }: Found) {
    this.index = index;
    this.address = address;
    this.size = entry.size;
    this.kind = entry.kind;
    this.directory = directory;
    this.name = name;
    this.followed = followed;
    this.#target = directory.targetPath === undefined ? entry.targetPath : undefined;
    this.#device = status.device;
    this.#inode = status.inode;
    this.#mtimeSeconds = status.mtimeSeconds;
    this.#mtimeNanoseconds = status.mtimeNanoseconds;
  }

  /** Beneath the root of the source; not escaped. */
  get path(): string {
    return `/${sourceComponents(this.directory, this.name).join('/')}`;
  }

  get targetPath(): string {
    return this.#target ?? `${this.directory.targetPath}/${this.name}`;
  }

  get chunks(): number {
    return chunkCount(this);
  }

  /** It has blocks of its own, and then perhaps one that it begins. */
  get isLarge(): boolean {
    return this.size > BLOCK_BYTES;
  }

  /** Whether nothing of the chunk needs to be sent: the receiver has it, or knows that it is a hole. */
  isAbsent({ number }: Chunk): boolean {
    return this.had?.has(number) === true || this.toldHoles?.has(number) === true;
  }

  /** First block from `block`, where it has a chunk, on for which it must be read or looked at; Infinity or behind its end: none. */
  nextNeededBlock(block: number): number {
    if (this.state !== 'wanted') return Number.POSITIVE_INFINITY;
    if (!this.checked || (this.had ?? this.toldHoles) === undefined) return block;
    const firstBlock = Math.floor(this.address / BLOCK_BYTES);
    let [chunk, had] = [block - firstBlock, -1];
    while (chunk !== had) {
      had = this.had?.nextOut(chunk) ?? chunk;
      chunk = this.toldHoles?.nextOut(had) ?? had;
    }
    return firstBlock + chunk;
  }

  /** @throws JetStreamError `source-changed` when the file is not the one, or not as, the scan saw it */
  check(now: FileStatus): void {
    this.checked = true;
    const isUnchanged =
      now.size === this.size &&
      now.mtimeSeconds === this.#mtimeSeconds &&
      now.mtimeNanoseconds === this.#mtimeNanoseconds &&
      now.inode === this.#inode &&
      now.device === this.#device;
    if (!isUnchanged) throw this.changed();
  }

  changed(): JetStreamError {
    const { path } = this;
    return new JetStreamError(
      'source-changed',
      `${escapeName(path)} changed while it was being sent; run the copy again when it is at rest`,
      { subject: path },
    );
  }
}
