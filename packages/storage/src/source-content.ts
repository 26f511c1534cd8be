import { type Chunk, sourceComponents } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import type { FileSystem, OpenFile } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import { HoleFinder } from './hole-finder.ts';
import type { SourceFile } from './source-file.ts';

/**
 * Looks into the files of a transfer. What a file is after it was looked into tells also whether it had changed before; then it is refused
 * as `source-changed`.
 */
export class SourceContent {
  readonly #fileSystem: FileSystem;
  readonly #handles: HandleCache;
  /** Of large files that are being sent. */
  readonly #holes = new WeakMap<SourceFile, HoleFinder>();

  constructor(fileSystem: FileSystem, handles: HandleCache) {
    this.#fileSystem = fileSystem;
    this.#handles = handles;
  }

  /** @param into as long as the chunk */
  read(file: SourceFile, chunk: Chunk, into: Uint8Array): void {
    this.#look(file, (handle) => readAll(handle, file, chunk, into));
  }

  /**
   * Reads a chunk, unless it is a hole. Where the system cannot say, a chunk of zeros of a large file is one.
   * @param into as long as the chunk
   * @returns how many chunks on end, from this one on, are holes from end to end; 0: it was read
   */
  readUnlessHole(file: SourceFile, chunk: Chunk, into: Uint8Array): number {
    if (!file.isLarge) {
      this.read(file, chunk, into);
      return 0;
    }
    return this.#look(file, (handle) => {
      const end = this.#holesOf(file).endOfHole(handle, chunk.offsetInFile);
      const hole = end === undefined ? 0 : chunksUpTo(end, file) - chunk.number;
      if (hole > 0) return hole;
      readAll(handle, file, chunk, into);
      return end === undefined && isZero(into) ? 1 : 0;
    });
  }

  /** Of a file of which nothing is to be read. */
  check(file: SourceFile): void {
    this.#look(file, () => {});
  }

  forget(file: SourceFile): void {
    this.#handles.drop(file);
    this.#holes.delete(file);
  }

  #holesOf(file: SourceFile): HoleFinder {
    const holes = this.#holes.get(file) ?? new HoleFinder(file.size);
    this.#holes.set(file, holes);
    return holes;
  }

  #look<T>(file: SourceFile, look: (handle: OpenFile) => T): T {
    const open = () => this.#open(file);
    const handle = file.isLarge ? this.#handles.use(file, open) : this.#handles.attempt(open);
    try {
      const seen = look(handle);
      file.check(handle.status());
      return seen;
    } finally {
      if (!file.isLarge) handle.close();
    }
  }

  #open({ directory, name, followed }: SourceFile): OpenFile {
    if (followed) return this.#fileSystem.openFile(sourceComponents(directory, name));
    return this.#handles
      .use(directory, () => this.#fileSystem.openDirectory(sourceComponents(directory)))
      .openFile(name);
  }
}

function readAll(handle: OpenFile, file: SourceFile, { offsetInFile }: Chunk, into: Uint8Array): void {
  if (handle.read(into, offsetInFile) < into.byteLength) throw file.changed();
}

/** Whole ones, from the file's first on; the last may be short. */
function chunksUpTo(end: number, { size, chunks }: SourceFile): number {
  return end === size ? chunks : Math.floor(end / BLOCK_BYTES);
}

function isZero(bytes: Uint8Array): boolean {
  zeros ??= new Uint8Array(BLOCK_BYTES);
  return Buffer.compare(bytes, zeros.subarray(0, bytes.byteLength)) === 0;
}

let zeros: Uint8Array | undefined;
