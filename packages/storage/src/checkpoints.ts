import { asFileFailure } from './errno.ts';
import type { PartialFiles } from './partial-files.ts';
import type { ResumeUpdate } from './resume-record.ts';
import type { Resumption } from './resumption.ts';
import type { Settlement } from './settlement.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import type { TargetTree } from './target-tree.ts';
import type { WriterProgress } from './writer-progress.ts';

/** What was written of files that a later transfer may go on from, since it was last made durable and recorded. */
export class Checkpoints {
  readonly #tree: TargetTree;
  readonly #partials: PartialFiles;
  readonly #resumption: Resumption;
  readonly #settlement: Settlement;
  readonly #progress: WriterProgress;
  readonly #changed = new Set<TargetFile>();
  /** Of unfinished files, by checkpoints. */
  #durableBytes = 0;

  /** @param progress is told what was found durable */
  constructor(
    tree: TargetTree,
    partials: PartialFiles,
    resumption: Resumption,
    settlement: Settlement,
    progress: WriterProgress,
  ) {
    this.#tree = tree;
    this.#partials = partials;
    this.#resumption = resumption;
    this.#settlement = settlement;
    this.#progress = progress;
  }

  /** In all, once what `take` gave is saved. */
  get durableBytes(): number {
    return this.#progress.durableBytes + this.#durableBytes;
  }

  /** Content was written. */
  wrote(file: TargetFile, byteLength: number): void {
    if (file.record === undefined) return;
    file.record.writtenBytes += byteLength;
    this.#changed.add(file);
  }

  /** Content was found durable, as its record tells. */
  found(file: TargetFile, byteLength: number): void {
    if (file.record === undefined) return;
    file.record.foundBytes += byteLength;
    file.record.durableBytes += byteLength;
    this.#progress.durableBytes += byteLength;
  }

  /** Makes it durable. @returns what to record of it */
  take(): ResumeUpdate[] {
    const files = this.#takeChanged();
    this.#settlement.failAll(this.#partials.sync(files));
    const durable = files.filter(({ settled }) => !settled);
    if (durable.length === 0) return [];
    try {
      this.#tree.sync();
      return durable.flatMap((file) => this.#updateOf(file));
    } catch (error) {
      asFileFailure(error);
      for (const file of durable) this.#changed.add(file);
      return [];
    }
  }

  /** It has its result. */
  forget(file: TargetFile): void {
    if (file.record === undefined) return;
    this.#changed.delete(file);
    const { foundBytes, durableBytes } = file.record;
    this.#progress.durableBytes -= foundBytes;
    this.#durableBytes -= durableBytes - foundBytes;
  }

  /** That of which it is not known yet what is there keeps for the next time. */
  #takeChanged(): TargetFile[] {
    const files = [...this.#changed].filter(
      (file) => file.partial !== undefined && !this.#resumption.isPending(file),
    );
    for (const file of files) this.#changed.delete(file);
    return files;
  }

  /** Of a file all of whose content is durable. None: it has nothing but holes. */
  #updateOf(file: TargetFile): ResumeUpdate[] {
    const record = file.record!;
    record.durableBytes += record.writtenBytes;
    this.#durableBytes += record.writtenBytes;
    record.writtenBytes = 0;
    const segments = digestsOf(file).takeChanged();
    if (segments.length === 0) return [];
    record.isStored = true;
    const { size, mtimeSeconds, mtimeNanoseconds, sourceInode } = file;
    const { name: partialName, inode } = file.partial!;
    const header = { partialName, partialInode: inode!, size, mtimeSeconds, mtimeNanoseconds, sourceInode };
    return [{ key: record.key, header, segments }];
  }
}
