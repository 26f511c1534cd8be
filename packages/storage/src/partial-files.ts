import { partialName } from '@jetstream/manifest';
import type { ErrorCode, JetStreamError } from '@jetstream/protocol';
import { asFileFailure, unlessRefused } from './errno.ts';
import type { FileStatus, OpenFile } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import type { PartialFile } from './partial-file.ts';
import { namePartial } from './partial-naming.ts';
import { type PartialFilesOptions, PartialOpening, replaced } from './partial-opening.ts';
import type { ResumeRecord } from './resume-record.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import { targetRefused } from './target-look.ts';
import type { TargetTree } from './target-tree.ts';
import { syncVolumes, type Volumes } from './volumes.ts';

const LOST =
  'the system lost something that was written to its file system, perhaps of this file; check the disk and run the copy again';
/** What opening a file says of a symlink, a directory, a device, FIFO or socket. */
const SOMETHING_ELSE: ReadonlySet<ErrorCode> = new Set(['path-refused', 'is-a-directory', 'special-file']);

/**
 * Partial files of one transfer: made when their first bytes come, beside their target; kept open as far as the cache goes; in the end
 * durable and then renamed over the target, which is never written through. In an in-place mode the target itself is the partial file: its
 * time, by which it would count as complete, is set only when its content is durable.
 */
export class PartialFiles {
  readonly #tree: TargetTree;
  readonly #opening: PartialOpening;
  readonly #handles: HandleCache;
  readonly #options: PartialFilesOptions;

  constructor(tree: TargetTree, volumes: Volumes, handles: HandleCache, options: PartialFilesOptions) {
    this.#tree = tree;
    this.#opening = new PartialOpening(tree, volumes, options);
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
      this.#handles.use(file, () => this.#opening.openRecorded(file, record));
      return undefined;
    } catch (error) {
      const { code, message } = asFileFailure(error);
      if (code === 'not-found') return 'its unfinished file is gone';
      return SOMETHING_ELSE.has(code) ? 'something else stands in place of its unfinished file' : message;
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
        if (inode !== partial.inode) throw replaced(file);
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
    this.#handles.use(file, () => this.#opening.openFinished(file, standing));
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
    if (!file.inPlace) this.#handles.attempt(() => namePartial(file, name, this.#tree, this.#options));
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
      file.partial === undefined ? this.#opening.create(file) : this.#opening.reopen(file, file.partial),
    );
  }
}

/** Of this very target: what a record says is believed no further. */
function isPartialNameOf({ name }: TargetFile, recorded: string): boolean {
  const id = PARTIAL_ID.exec(recorded)?.[1];
  return id !== undefined && recorded === partialName(name, id);
}

const PARTIAL_ID = /\.jspart-([A-Za-z0-9]{1,32}-[0-9a-z]{1,12})$/;
