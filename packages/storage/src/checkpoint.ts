import type { ResumeUpdate } from './resume-record.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import type { WriterProgress } from './tree-writer.ts';

/** What was written of files that a later transfer may go on from, since it was last made durable and recorded. */
export class Checkpoints {
  readonly #progress: WriterProgress;
  readonly #changed = new Set<TargetFile>();
  #recordedBytes = 0;

  /** @param progress is told what was found durable */
  constructor(progress: WriterProgress) {
    this.#progress = progress;
  }

  /** Content of unfinished files that checkpoints made durable. */
  get recordedBytes(): number {
    return this.#recordedBytes;
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

  /** Files to be made durable now. @param isKnown false: it is not known yet what is there, so it keeps for the next time */
  takeChanged(isKnown: (file: TargetFile) => boolean): TargetFile[] {
    const files = [...this.#changed].filter((file) => file.partial !== undefined && isKnown(file));
    for (const file of files) this.#changed.delete(file);
    return files;
  }

  /** What to record of a file all of whose content is durable. None: it has nothing but holes. */
  updateOf(file: TargetFile, key: string): ResumeUpdate[] {
    const record = file.record!;
    record.durableBytes += record.writtenBytes;
    this.#recordedBytes += record.writtenBytes;
    record.writtenBytes = 0;
    const segments = digestsOf(file).takeChanged();
    if (segments.length === 0) return [];
    record.isStored = true;
    const { size, mtimeSeconds, mtimeNanoseconds, sourceInode } = file;
    const { name: partialName, inode } = file.partial!;
    const header = { partialName, partialInode: inode!, size, mtimeSeconds, mtimeNanoseconds, sourceInode };
    return [{ key, header, segments }];
  }

  /** It has its result. */
  forget(file: TargetFile): void {
    this.#changed.delete(file);
    const { foundBytes = 0, durableBytes = 0 } = file.record ?? {};
    this.#progress.durableBytes -= foundBytes;
    this.#recordedBytes -= durableBytes - foundBytes;
  }
}
