import { displayPath, partialName } from '@jetstream/manifest';
import { BLOCK_BYTES, type JetStreamError } from '@jetstream/protocol';
import { backUp } from './backup.ts';
import { asFileFailure } from './errno.ts';
import type { Directory, FileStatus, OpenFile } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import { mayBeHeldAsSame } from './held-time.ts';
import type { OverwriteMode } from './overwrite-mode.ts';
import { PartialFile } from './partial-file.ts';
import type { TargetPermissions } from './permissions.ts';
import type { ResumeRecord } from './resume-record.ts';
import { approach } from './standing-target.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import { targetRefused } from './target-look.ts';
import { componentsOf, type TargetTree } from './target-tree.ts';
import { syncVolumes, type Volumes } from './volumes.ts';

const LOST =
  'the system lost something that was written to its file system, perhaps of this file; check the disk and run the copy again';
const REPLACED = 'somebody replaced its unfinished file; run the copy again';

export interface PartialFilesOptions {
  transferId: string;
  /** Who owns the files that are made here; undefined where nobody does. */
  uid: number | undefined;
  overwrite: OverwriteMode;
  permissions: TargetPermissions;
}

/**
 * Partial files of one transfer: made when their first bytes come, beside their target; kept open as far as the cache goes; in the end
 * durable and then renamed over the target, which is never written through. In an in-place mode the target itself is the partial file: its
 * time, by which it would count as complete, is set only when its content is durable.
 */
export class PartialFiles {
  readonly #tree: TargetTree;
  readonly #volumes: Volumes;
  readonly #handles: HandleCache;
  readonly #options: PartialFilesOptions;

  constructor(tree: TargetTree, volumes: Volumes, handles: HandleCache, options: PartialFilesOptions) {
    this.#tree = tree;
    this.#volumes = volumes;
    this.#handles = handles;
    this.#options = options;
  }

  /**
   * Takes up the unfinished file of an earlier transfer, which keeps its name.
   * @returns why it cannot be gone on with; undefined: it is taken
   */
  takeUp(file: TargetFile, record: ResumeRecord): string | undefined {
    const isNamed = file.inPlace
      ? record.partialName === file.name
      : isPartialNameOf(file, record.partialName);
    if (!isNamed) return 'its record names another file';
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
        if (inode !== partial.inode) throw targetRefused(file, 'io-error', REPLACED);
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
    if (file.partial === undefined && !file.inPlace) return;
    const partial = this.#open(file);
    if (!partial.isFresh) partial.makeHole(position, byteLength);
  }

  /**
   * Takes the target itself, which has the right content, so that it gets the right time and permissions.
   * @param standing as it was looked at
   */
  adopt(file: TargetFile, standing: FileStatus): void {
    this.#handles.use(file, () => {
      const directory = this.#tree.open(file.directory);
      const volume = this.#volumes.of(directory);
      const mode = this.#options.permissions.modeInPlace(file.executable, standing);
      const opened = directory.openFile(file.name);
      if (opened.status().inode !== standing.inode) {
        opened.close();
        throw targetRefused(file, 'io-error', REPLACED);
      }
      file.partial = new PartialFile(opened, file.name, file.size, mode, volume);
      Object.assign(file.partial, { inode: standing.inode, isFresh: false, isReadOnly: true });
      return file.partial;
    });
  }

  /** Gives a file that stays as it is other permissions, where it is to have these, as far as the system lets us. */
  correct(file: TargetFile, standing: FileStatus): void {
    if (!this.#options.permissions.differ(file, standing)) return;
    try {
      this.adopt(file, standing);
      this.stamp(file);
      file.partial!.sync();
    } catch (error) {
      asFileFailure(error);
    }
    this.leave(file);
  }

  /** It has all its content. */
  complete(file: TargetFile): void {
    const mayHaveOtherLength = file.inPlace || digestsOf(file).hasHoles;
    this.#open(file).complete(mayHaveOtherLength ? file.size : undefined);
    if (!file.inPlace) this.stamp(file);
  }

  /** Gives it its time and permissions. One that is written in place must be durable before. */
  stamp(file: TargetFile): void {
    const { permissions, mtimeSeconds, mtimeNanoseconds } = file;
    const partial = this.#open(file);
    partial.change((opened) => {
      this.#options.permissions.apply(opened, permissions, partial.mode);
      // Some file systems have no times to set; content is what counts.
      unlessRefused(() => opened.setModificationTime(mtimeSeconds, mtimeNanoseconds));
    });
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
        failed.set(file, isOwn ? failure : targetRefused(file, failure.code, LOST));
      }
    }
    return failed;
  }

  /**
   * Gives a durable file its final name, which is durable once the tree, too, was synced.
   * @throws JetStreamError `already-exists`, where nothing may be replaced; the durable file is left then, and named
   */
  name(file: TargetFile): void {
    const { name } = file.partial!;
    this.#close(file);
    if (!file.inPlace) this.#handles.attempt(() => this.#rename(file, name));
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
    const { name, isFresh } = file.partial;
    this.leave(file);
    // What stood there before is not ours to remove.
    if (file.inPlace && !isFresh) return;
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
    const standing = this.#standingAt(file, directory);
    if (file.inPlace && standing !== undefined) return this.#openTarget(file, directory, standing);
    const volume = this.#volumes.of(directory);
    const mode = this.#options.permissions.modeOf(file.executable, standing);
    const name = file.inPlace ? file.name : partialName(file.name, this.#idOf(file));
    if (file.inPlace) this.#tree.touch(file.directory);
    const created = directory.createFile(name, file.name);
    // At once: a copy that goes on with it later cannot tell what the mode was to be.
    if (file.inPlace && file.permissions === undefined) unlessRefused(() => created.setMode(mode));
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
    if (file.inPlace) {
      const { inode } = directory.status(name) ?? {};
      if (inode === partialInode) return this.#openTarget(file, directory, directory.status(name)!);
      throw targetRefused(file, 'io-error', 'somebody replaced its unfinished file');
    }
    const mode = this.#options.permissions.modeOf(file.executable, this.#standingAt(file, directory));
    const volume = this.#volumes.of(directory);
    const opened = directory.reopenFile(name, file.name);
    const { inode, links, uid, size } = opened.status();
    const isOwn = this.#options.uid === undefined || uid === this.#options.uid;
    if (inode !== partialInode || links !== 1 || !isOwn || size > file.size) {
      opened.close();
      throw targetRefused(file, 'io-error', 'somebody changed its unfinished file');
    }
    file.partial = new PartialFile(opened, name, file.size, mode, volume);
    file.partial.inode = inode;
    file.partial.isFresh = false;
    return file.partial;
  }

  /** The file that stands there is written into. */
  #openTarget(file: TargetFile, directory: Directory, standing: FileStatus): PartialFile {
    const volume = this.#volumes.of(directory);
    const mode = this.#options.permissions.modeInPlace(file.executable, standing);
    const opened = directory.reopenFile(file.name, file.name);
    try {
      if (opened.status().inode !== standing.inode) throw targetRefused(file, 'io-error', REPLACED);
      if (mayBeHeldAsSame(standing, file)) {
        // Else it would count as complete after a crash, by what was there before: content may reach the disk before a time does.
        opened.setModificationTime(file.mtimeSeconds + UNLIKE_SECONDS, 0);
        opened.sync();
      }
    } catch (error) {
      opened.close();
      throw error;
    }
    file.partial = new PartialFile(opened, file.name, file.size, mode, volume);
    file.partial.inode = standing.inode;
    file.partial.isFresh = false;
    return file.partial;
  }

  /** What stands at a target now, if it may be replaced. */
  #standingAt(file: TargetFile, directory: Directory): FileStatus | undefined {
    const standing = directory.status(file.name);
    const { overwrite } = this.#options;
    const isOneChunk = file.size <= BLOCK_BYTES;
    const found = approach(
      standing,
      { size: file.size, isOneChunk },
      { overwrite, skip: 'nothing' },
      () => false,
    );
    if (found.does === 'refuse') throw targetRefused(file, found.code, found.what);
    return standing;
  }

  #rename(file: TargetFile, partial: string): void {
    const { directory, name } = file;
    if (this.#options.overwrite === 'partfile-backup') backUp(file, this.#tree, this.#idOf(file));
    if (this.#options.overwrite === 'partfile-never') this.#renameNoReplace(file, partial);
    else this.#tree.rename(directory, partial, name);
  }

  #renameNoReplace(file: TargetFile, partial: string): void {
    const { directory, name } = file;
    try {
      this.#tree.renameNoReplace(directory, partial, name);
    } catch (error) {
      if (asFileFailure(error).code !== 'already-exists') throw error;
      // By this name it is nobody's to be cleaned away.
      const kept = partialName(name, `kept-${this.#idOf(file)}`);
      this.#tree.rename(directory, partial, kept);
      file.partial = undefined;
      const shown = displayPath(componentsOf(directory, kept));
      throw targetRefused(file, 'already-exists', `it has come to exist meanwhile; the copy is ${shown}`);
    }
  }

  #idOf({ index }: TargetFile): string {
    return `${this.#options.transferId}-${index.toString(36)}`;
  }

  #reopen(file: TargetFile, partial: PartialFile): PartialFile {
    const directory = this.#tree.open(file.directory);
    const opened = partial.isReadOnly
      ? directory.openFile(partial.name)
      : directory.reopenFile(partial.name, file.name);
    if (opened.status().inode === partial.inode) {
      partial.reopened(opened);
      return partial;
    }
    opened.close();
    throw targetRefused(file, 'io-error', REPLACED);
  }
}

/** Of this very target: what a record says is believed no further. */
function isPartialNameOf({ name }: TargetFile, recorded: string): boolean {
  const id = PARTIAL_ID.exec(recorded)?.[1];
  return id !== undefined && recorded === partialName(name, id);
}

const PARTIAL_ID = /\.jspart-([A-Za-z0-9]{1,32}-[0-9a-z]{1,12})$/;

/** More than any file system cuts off a time. */
const UNLIKE_SECONDS = 3600;

function unlessRefused(operation: () => void): void {
  try {
    operation();
  } catch (error) {
    if (asFileFailure(error).code !== 'permission-denied') throw error;
  }
}
