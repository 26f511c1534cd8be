import type { ResumeUpdate } from './resume-record.ts';
import { digestsOf, type TargetFile } from './target-file.ts';

/** What was written of files that a later transfer may go on from, since it was last made durable and recorded. */
export class Checkpoints {
  /** Durable content of unfinished files. */
  durableBytes = 0;
  readonly #changed = new Set<TargetFile>();

  /** Content was written. */
  wrote(file: TargetFile, byteLength: number): void {
    if (file.record === undefined) return;
    file.record.writtenBytes += byteLength;
    this.#changed.add(file);
  }

  /** Content was found durable. */
  found(file: TargetFile, byteLength: number): void {
    if (file.record === undefined) return;
    file.record.durableBytes += byteLength;
    this.durableBytes += byteLength;
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
    this.found(file, record.writtenBytes);
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
    this.durableBytes -= file.record?.durableBytes ?? 0;
  }
}
