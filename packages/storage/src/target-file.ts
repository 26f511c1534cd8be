import { chunkCount, displayPath, type Placed, partialName } from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';
import { ChunkDigests } from './chunk-digests.ts';
import type { OpenFile } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import { componentsOf, type TargetDirectory, type TargetTree } from './target-tree.ts';

/** A file on its way into its place. */
export interface TargetFile extends Placed {
  readonly index: number;
  /** The root and no name, when its target was refused. */
  directory: TargetDirectory;
  name: string;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  readonly executable: boolean;
  /** Made with the first chunk. */
  digests: ChunkDigests | undefined;
  /** The partial file, once it is made, and the mode that it will have in the end. */
  partialInode: number | undefined;
  mode: number;
  /** Its result is out; whatever more comes of it is dropped. */
  settled: boolean;
}

export function digestsOf(file: TargetFile): ChunkDigests {
  file.digests ??= new ChunkDigests(file.size === 0 ? 0 : chunkCount(file));
  return file.digests;
}

/**
 * Partial files of one transfer: made when their first bytes come, beside their target; kept open as far as the cache goes; in the end
 * durable and then renamed over the target, which is never written through.
 */
export class PartialFiles {
  readonly #tree: TargetTree;
  readonly #handles: HandleCache;
  readonly #transferId: string;
  readonly #umask: number;

  constructor(tree: TargetTree, handles: HandleCache, transferId: string, umask: number) {
    this.#tree = tree;
    this.#handles = handles;
    this.#transferId = transferId;
    this.#umask = umask;
  }

  write(file: TargetFile, bytes: Uint8Array, position: number): void {
    this.#open(file).write(bytes, position);
  }

  /** Everything of the file is durable under its final name once the tree, too, was synced. */
  finish(file: TargetFile): void {
    const partial = this.#open(file);
    unlessRefused(() => partial.setModificationTime(file.mtimeSeconds, file.mtimeNanoseconds));
    unlessRefused(() => partial.setMode(file.mode));
    partial.sync();
    this.#handles.drop(file);
    this.#handles.attempt(() => this.#tree.open(file.directory).rename(this.#nameOf(file), file.name));
    file.partialInode = undefined;
    this.#tree.touch(file.directory);
  }

  /** Leaves nothing of an unfinished file, as far as the system lets us. */
  discard(file: TargetFile): void {
    this.#handles.drop(file);
    if (file.partialInode === undefined) return;
    file.partialInode = undefined;
    try {
      this.#handles.attempt(() => this.#tree.open(file.directory).remove(this.#nameOf(file)));
    } catch (error) {
      if (!(error instanceof JetStreamError)) throw error;
    }
  }

  #open(file: TargetFile): OpenFile {
    return this.#handles.use(file, () =>
      file.partialInode === undefined ? this.#create(file) : this.#reopen(file),
    );
  }

  #create(file: TargetFile): OpenFile {
    const directory = this.#tree.open(file.directory);
    const standing = directory.status(file.name);
    if (standing?.kind === 'directory')
      throw this.#refusal(file, 'is-a-directory', 'a directory stands there');
    if (standing?.kind === 'special') {
      throw this.#refusal(file, 'special-file', 'a device, FIFO or socket stands there');
    }
    file.mode = (file.executable ? 0o755 : 0o644) & ~this.#umask;
    if (standing?.kind === 'file') file.mode = modeOfReplacement(standing.mode, file.executable);
    const partial = directory.createFile(this.#nameOf(file), file.name);
    file.partialInode = partial.status().inode;
    return partial;
  }

  #reopen(file: TargetFile): OpenFile {
    const partial = this.#tree.open(file.directory).reopenFile(this.#nameOf(file), file.name);
    if (partial.status().inode === file.partialInode) return partial;
    partial.close();
    throw this.#refusal(file, 'io-error', 'somebody replaced its unfinished file; run the copy again');
  }

  #nameOf(file: TargetFile): string {
    return partialName(file.name, `${this.#transferId}-${file.index.toString(36)}`);
  }

  #refusal(
    { directory, name }: TargetFile,
    code: 'is-a-directory' | 'special-file' | 'io-error',
    what: string,
  ) {
    const components = componentsOf(directory, name);
    return new JetStreamError(code, `${displayPath(components)}: ${what}`, {
      subject: `/${components.join('/')}`,
    });
  }
}

/** Who could not read or write the old file cannot read or write the new one: a private key stays private. */
function modeOfReplacement(oldMode: number, executable: boolean): number {
  const readWrite = oldMode & 0o666;
  return executable ? readWrite | ((readWrite & 0o444) >> 2) : readWrite;
}

/** Some file systems have no times or modes to set; content is what counts. */
function unlessRefused(operation: () => void): void {
  try {
    operation();
  } catch (error) {
    if (!(error instanceof JetStreamError) || error.code !== 'permission-denied') throw error;
  }
}
