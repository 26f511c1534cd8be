import type { ChunkReader } from './chunk-reader.ts';
import type { FileStatus, OpenFile } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import { isSame } from './held-time.ts';
import type { TargetDirectory, TargetTree } from './target-tree.ts';

/** A file that stands at a target, as it was when it was looked at. */
export interface StandingFile {
  readonly directory: TargetDirectory;
  readonly name: string;
  readonly status: FileStatus;
}

/** Reads files that stand at targets; each is opened once, as far as the cache goes, and must be the same one all the time. */
export class StandingFiles {
  readonly #tree: TargetTree;
  readonly #handles: HandleCache;
  readonly #reader: ChunkReader;

  constructor(tree: TargetTree, handles: HandleCache, reader: ChunkReader) {
    this.#tree = tree;
    this.#handles = handles;
    this.#reader = reader;
  }

  /**
   * A part of it, if that is what the digest says: what is returned is what was digested.
   * @returns valid until the next call; undefined: it has something else there, or somebody put another file in its place
   * @throws JetStreamError when it cannot be read
   */
  matching(
    file: StandingFile,
    position: number,
    byteLength: number,
    digest: Uint8Array,
  ): Uint8Array | undefined {
    const opened = this.#open(file);
    return opened && this.#reader.matching(opened, position, byteLength, digest);
  }

  /**
   * Where the first content in a part of it is that may be other than zeros.
   * @returns undefined: the part is a hole
   * @throws JetStreamError when it cannot be read
   */
  firstContent(file: StandingFile, position: number, end: number): number | undefined {
    const opened = this.#open(file);
    if (opened === undefined) return position;
    const at = opened.nextData(position) ?? position;
    return at < end ? at : undefined;
  }

  /** Nobody has written to it, or replaced it, since it was looked at. */
  isUnchanged(file: StandingFile): boolean {
    const status = this.#open(file)?.status();
    return status !== undefined && status.size === file.status.size && isSame(status, file.status);
  }

  /** It is not read any more. */
  close(file: StandingFile): void {
    this.#handles.drop(file);
  }

  /** Undefined: it is not the one that was looked at. */
  #open(file: StandingFile): OpenFile | undefined {
    const opened = this.#handles.use(file, () => {
      const handle = this.#tree.openFound(file.directory).openFile(file.name);
      // What is told of it is to be true of the disk.
      handle.dropFromCache(0, file.status.size);
      return handle;
    });
    const { inode, device } = opened.status();
    return inode === file.status.inode && device === file.status.device ? opened : undefined;
  }
}
