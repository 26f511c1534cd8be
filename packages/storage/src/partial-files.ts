import { displayPath, partialName } from '@jetstream/manifest';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { asFileFailure } from './errno.ts';
import type { HandleCache } from './handle-cache.ts';
import { PartialFile } from './partial-file.ts';
import type { TargetFile } from './target-file.ts';
import { componentsOf, type TargetTree } from './target-tree.ts';
import { syncVolumes, type Volumes } from './volumes.ts';

const LOST =
  'the system lost something that was written to its file system, perhaps of this file; check the disk and run the copy again';

/**
 * Partial files of one transfer: made when their first bytes come, beside their target; kept open as far as the cache goes; in the end
 * durable and then renamed over the target, which is never written through.
 */
export class PartialFiles {
  readonly #tree: TargetTree;
  readonly #volumes: Volumes;
  readonly #handles: HandleCache;
  readonly #transferId: string;
  readonly #umask: number;

  constructor(tree: TargetTree, volumes: Volumes, handles: HandleCache, transferId: string, umask: number) {
    this.#tree = tree;
    this.#volumes = volumes;
    this.#handles = handles;
    this.#transferId = transferId;
    this.#umask = umask;
  }

  write(file: TargetFile, bytes: Uint8Array, position: number): void {
    this.#open(file).write(bytes, position);
  }

  /** It has all its content. */
  complete(file: TargetFile): void {
    this.#open(file).complete(file.mtimeSeconds, file.mtimeNanoseconds);
  }

  /**
   * Makes complete files durable, still under the names of partials.
   * @returns what went wrong, by file
   */
  sync(files: readonly TargetFile[]): Map<TargetFile, JetStreamError> {
    const partials = files.map((file) => file.partial!).filter(({ isDurable }) => !isDurable);
    for (const partial of syncVolumes(partials)) partial.synced();
    const failed = new Map<TargetFile, JetStreamError>();
    for (const file of files) {
      const partial = file.partial!;
      try {
        partial.sync();
      } catch (error) {
        const failure = asFileFailure(error);
        const isOwn = failure !== partial.volume?.failure;
        failed.set(file, isOwn ? failure : this.#refusal(file, failure.code, LOST));
      }
    }
    return failed;
  }

  /** Gives a durable file its final name, which is durable once the tree, too, was synced. */
  name(file: TargetFile): void {
    this.#handles.drop(file);
    this.#handles.attempt(() => this.#tree.rename(file.directory, this.#nameOf(file), file.name));
    file.partial = undefined;
  }

  /** Leaves nothing of an unfinished file, as far as the system lets us. */
  discard(file: TargetFile): void {
    if (file.partial === undefined) return;
    file.partial.abandon();
    file.partial = undefined;
    this.#handles.drop(file);
    try {
      this.#handles.attempt(() => this.#tree.open(file.directory).remove(this.#nameOf(file)));
    } catch (error) {
      asFileFailure(error);
    }
  }

  #open(file: TargetFile): PartialFile {
    if (file.partial?.closeError !== undefined) throw file.partial.closeError;
    return this.#handles.use(file, () =>
      file.partial === undefined ? this.#create(file) : this.#reopen(file, file.partial),
    );
  }

  #create(file: TargetFile): PartialFile {
    const directory = this.#tree.open(file.directory);
    const standing = directory.status(file.name);
    if (standing?.kind === 'directory')
      throw this.#refusal(file, 'is-a-directory', 'a directory stands there');
    if (standing?.kind === 'special') {
      throw this.#refusal(file, 'special-file', 'a device, FIFO or socket stands there');
    }
    let mode = (file.executable ? 0o755 : 0o644) & ~this.#umask;
    if (standing?.kind === 'file') mode = modeOfReplacement(standing.mode, file.executable);
    const volume = this.#volumes.of(directory);
    const created = directory.createFile(this.#nameOf(file), file.name);
    file.partial = new PartialFile(created, file.size, mode, volume);
    return file.partial;
  }

  #reopen(file: TargetFile, partial: PartialFile): PartialFile {
    const opened = this.#tree.open(file.directory).reopenFile(this.#nameOf(file), file.name);
    if (opened.status().inode === partial.inode) {
      partial.reopened(opened);
      return partial;
    }
    opened.close();
    throw this.#refusal(file, 'io-error', 'somebody replaced its unfinished file; run the copy again');
  }

  #nameOf(file: TargetFile): string {
    return partialName(file.name, `${this.#transferId}-${file.index.toString(36)}`);
  }

  #refusal({ directory, name }: TargetFile, code: ErrorCode, what: string): JetStreamError {
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
