import { displayPath, partialName } from '@jetstream/manifest';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { asFileFailure } from './errno.ts';
import type { Directory, OpenFile } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import { PartialFile } from './partial-file.ts';
import type { ResumeRecord } from './resume-record.ts';
import type { TargetFile } from './target-file.ts';
import { componentsOf, type TargetTree } from './target-tree.ts';
import { syncVolumes, type Volumes } from './volumes.ts';

const LOST =
  'the system lost something that was written to its file system, perhaps of this file; check the disk and run the copy again';
const REPLACED = 'somebody replaced its unfinished file; run the copy again';

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
  readonly #uid: number | undefined;

  /** @param options `uid`: who owns the files that are made here; undefined where nobody does */
  constructor(
    tree: TargetTree,
    volumes: Volumes,
    handles: HandleCache,
    { transferId, umask, uid }: { transferId: string; umask: number; uid: number | undefined },
  ) {
    this.#tree = tree;
    this.#volumes = volumes;
    this.#handles = handles;
    this.#transferId = transferId;
    this.#umask = umask;
    this.#uid = uid;
  }

  /**
   * Takes up the unfinished file of an earlier transfer, which keeps its name.
   * @returns why it cannot be gone on with; undefined: it is taken
   */
  takeUp(file: TargetFile, record: ResumeRecord): string | undefined {
    if (!isPartialNameOf(file, record.partialName)) return 'its record names another file';
    try {
      return this.#handles.use(file, () => this.#openRecorded(file, record)) && undefined;
    } catch (error) {
      return asFileFailure(error).message;
    }
  }

  /** Removes the unfinished file of an earlier transfer, if it is still that. */
  removeRecorded(file: TargetFile, { partialName, partialInode }: ResumeRecord): void {
    if (!isPartialNameOf(file, partialName)) return;
    try {
      this.#handles.attempt(() => {
        const directory = this.#tree.open(file.directory);
        const status = directory.status(partialName);
        if (status?.kind === 'file' && status.inode === partialInode) directory.remove(partialName);
      });
    } catch (error) {
      asFileFailure(error);
    }
  }

  /** What was written of a file, to be read from the disk. Use it at once: the next call may close it. */
  openForReading(file: TargetFile): OpenFile {
    const partial = file.partial!;
    return this.#handles.use(partial, () => {
      const opened = this.#tree.open(file.directory).openFile(partial.name, file.name);
      try {
        const { inode } = opened.status();
        partial.inode ??= inode;
        if (inode !== partial.inode) throw this.#refusal(file, 'io-error', REPLACED);
        opened.dropFromCache(0, file.size);
        return opened;
      } catch (error) {
        opened.close();
        throw error;
      }
    });
  }

  /** It was read, and will not be again for now. */
  closeAfterReading(file: TargetFile): void {
    if (file.partial !== undefined) this.#handles.drop(file.partial);
  }

  write(file: TargetFile, bytes: Uint8Array, position: number): void {
    this.#open(file).write(bytes, position);
  }

  /** A part of it has only zeros. In one that was made here it has them where nothing was written. */
  makeHole(file: TargetFile, position: number, byteLength: number): void {
    if (file.partial === undefined || file.partial.isFresh) return;
    this.#open(file).makeHole(position, byteLength);
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
    const { name } = file.partial!;
    this.#close(file);
    this.#handles.attempt(() => this.#tree.rename(file.directory, name, file.name));
    file.partial = undefined;
  }

  /** Lets an unfinished file stand as it is, for a later transfer. */
  leave(file: TargetFile): void {
    if (file.partial === undefined) return;
    file.partial.abandon();
    this.#close(file);
    file.partial = undefined;
  }

  /** Leaves nothing of an unfinished file, as far as the system lets us. */
  discard(file: TargetFile): void {
    if (file.partial === undefined) return;
    const { name } = file.partial;
    this.leave(file);
    try {
      this.#handles.attempt(() => this.#tree.open(file.directory).remove(name));
    } catch (error) {
      asFileFailure(error);
    }
  }

  #close(file: TargetFile): void {
    this.#handles.drop(file);
    this.closeAfterReading(file);
  }

  #open(file: TargetFile): PartialFile {
    if (file.partial?.closeError !== undefined) throw file.partial.closeError;
    return this.#handles.use(file, () =>
      file.partial === undefined ? this.#create(file) : this.#reopen(file, file.partial),
    );
  }

  #create(file: TargetFile): PartialFile {
    const directory = this.#tree.open(file.directory);
    const mode = this.#modeFor(file, directory);
    const volume = this.#volumes.of(directory);
    const name = partialName(file.name, `${this.#transferId}-${file.index.toString(36)}`);
    const created = directory.createFile(name, file.name);
    file.partial = new PartialFile(created, name, file.size, mode, volume);
    if (file.record !== undefined) {
      file.partial.inode = created.status().inode;
      this.#tree.touch(file.directory);
    }
    return file.partial;
  }

  /** Only one that is as it was left: nobody else has it, and nothing was done to it. */
  #openRecorded(file: TargetFile, { partialName: name, partialInode }: ResumeRecord): PartialFile {
    const directory = this.#tree.open(file.directory);
    const mode = this.#modeFor(file, directory);
    const volume = this.#volumes.of(directory);
    const opened = directory.reopenFile(name, file.name);
    const { inode, links, uid, size } = opened.status();
    const isOwn = this.#uid === undefined || uid === this.#uid;
    if (inode !== partialInode || links !== 1 || !isOwn || size > file.size) {
      opened.close();
      throw this.#refusal(file, 'io-error', 'somebody changed its unfinished file');
    }
    file.partial = new PartialFile(opened, name, file.size, mode, volume);
    file.partial.inode = inode;
    file.partial.isFresh = false;
    return file.partial;
  }

  #modeFor(file: TargetFile, directory: Directory): number {
    const standing = directory.status(file.name);
    if (standing?.kind === 'directory')
      throw this.#refusal(file, 'is-a-directory', 'a directory stands there');
    if (standing?.kind === 'special') {
      throw this.#refusal(file, 'special-file', 'a device, FIFO or socket stands there');
    }
    if (standing?.kind === 'file') return modeOfReplacement(standing.mode, file.executable);
    return (file.executable ? 0o755 : 0o644) & ~this.#umask;
  }

  #reopen(file: TargetFile, partial: PartialFile): PartialFile {
    const opened = this.#tree.open(file.directory).reopenFile(partial.name, file.name);
    if (opened.status().inode === partial.inode) {
      partial.reopened(opened);
      return partial;
    }
    opened.close();
    throw this.#refusal(file, 'io-error', REPLACED);
  }

  #refusal({ directory, name }: TargetFile, code: ErrorCode, what: string): JetStreamError {
    const components = componentsOf(directory, name);
    return new JetStreamError(code, `${displayPath(components)}: ${what}`, {
      subject: `/${components.join('/')}`,
    });
  }
}

/** Of this very target: what a record says is believed no further. */
function isPartialNameOf({ name }: TargetFile, recorded: string): boolean {
  const id = PARTIAL_ID.exec(recorded)?.[1];
  return id !== undefined && recorded === partialName(name, id);
}

const PARTIAL_ID = /\.jspart-([A-Za-z0-9]{1,32}-[0-9a-z]{1,12})$/;

/** Who could not read or write the old file cannot read or write the new one: a private key stays private. */
function modeOfReplacement(oldMode: number, executable: boolean): number {
  const readWrite = oldMode & 0o666;
  return executable ? readWrite | ((readWrite & 0o444) >> 2) : readWrite;
}
