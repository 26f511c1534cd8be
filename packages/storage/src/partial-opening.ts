import { partialName } from '@jetstream/manifest';
import { BLOCK_BYTES, type JetStreamError } from '@jetstream/protocol';
import { unlessRefused } from './errno.ts';
import type { Directory, FileStatus } from './file-system.ts';
import { mayBeHeldAsSame } from './held-time.ts';
import type { OverwriteMode } from './overwrite-mode.ts';
import { PartialFile } from './partial-file.ts';
import type { TargetPermissions } from './permissions.ts';
import type { ResumeRecord } from './resume-record.ts';
import { approach } from './standing-target.ts';
import type { TargetFile } from './target-file.ts';
import { targetRefused } from './target-look.ts';
import type { TargetTree } from './target-tree.ts';
import type { Volumes } from './volumes.ts';

export interface PartialFilesOptions {
  transferId: string;
  /** Who owns the files that are made here; undefined where nobody does. */
  uid: number | undefined;
  overwrite: OverwriteMode;
  permissions: TargetPermissions;
}

/** More than any file system cuts off a time. */
const UNLIKE_SECONDS = 3600;

/**
 * Makes, finds and opens what a file is written into, and makes sure that it is that, and nobody else's. A file has its `partial` as soon as
 * that stands, whatever goes wrong then: so it is removed with the file.
 */
export class PartialOpening {
  readonly #tree: TargetTree;
  readonly #volumes: Volumes;
  readonly #options: PartialFilesOptions;

  constructor(tree: TargetTree, volumes: Volumes, options: PartialFilesOptions) {
    this.#tree = tree;
    this.#volumes = volumes;
    this.#options = options;
  }

  /** Makes it, or in an in-place mode takes the target where one stands. */
  create(file: TargetFile): PartialFile {
    const directory = this.#tree.open(file.directory);
    const standing = this.#standingAt(file, directory);
    if (file.inPlace && standing !== undefined) return this.#openTarget(file, directory, standing);
    const volume = this.#volumes.of(directory);
    const mode = this.#options.permissions.modeOf(file.executable, standing);
    const name = file.inPlace ? file.name : partialName(file.name, partialId(this.#options.transferId, file));
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

  /**
   * That of an earlier transfer, which keeps its name. Only one that is as it was left: nobody else has it, and nothing was done to it.
   * @throws JetStreamError
   */
  openRecorded(file: TargetFile, { partialName: name, partialInode }: ResumeRecord): PartialFile {
    const directory = this.#tree.open(file.directory);
    if (file.inPlace) {
      const standing = directory.status(name);
      if (standing?.inode === partialInode) return this.#openTarget(file, directory, standing);
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
    return Object.assign(file.partial, { inode, isFresh: false });
  }

  /** The target itself, which has the right content: it is not written any more. @param standing as it was looked at */
  openFinished(file: TargetFile, standing: FileStatus): PartialFile {
    const directory = this.#tree.open(file.directory);
    const volume = this.#volumes.of(directory);
    const mode = this.#options.permissions.modeInPlace(file.executable, standing);
    const opened = directory.openFile(file.name);
    if (opened.status().inode !== standing.inode) {
      opened.close();
      throw replaced(file);
    }
    file.partial = new PartialFile(opened, file.name, file.size, mode, volume);
    return Object.assign(file.partial, { inode: standing.inode, isFresh: false, isReadOnly: true });
  }

  /** One that was closed meanwhile. */
  reopen(file: TargetFile, partial: PartialFile): PartialFile {
    const directory = this.#tree.open(file.directory);
    const opened = partial.isReadOnly
      ? directory.openFile(partial.name)
      : directory.reopenFile(partial.name, file.name);
    if (opened.status().inode === partial.inode) {
      partial.reopened(opened);
      return partial;
    }
    opened.close();
    throw replaced(file);
  }

  /** The file that stands there is written into. */
  #openTarget(file: TargetFile, directory: Directory, standing: FileStatus): PartialFile {
    const volume = this.#volumes.of(directory);
    const mode = this.#options.permissions.modeInPlace(file.executable, standing);
    const opened = directory.reopenFile(file.name, file.name);
    try {
      if (opened.status().inode !== standing.inode) throw replaced(file);
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
    return Object.assign(file.partial, { inode: standing.inode, isFresh: false });
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
}

/** In the name of its unfinished file: no other transfer gives it. */
export function partialId(transferId: string, { index }: TargetFile): string {
  return `${transferId}-${index.toString(36)}`;
}

export function replaced(file: TargetFile): JetStreamError {
  return targetRefused(file, 'io-error', 'somebody replaced its unfinished file; run the copy again');
}
