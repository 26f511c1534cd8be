import { NO_DIGEST } from './entry-result.ts';
import { asFileFailure } from './errno.ts';
import type { FileStatus } from './file-system.ts';
import type { PartialFiles } from './partial-files.ts';
import type { ReadBack } from './read-back.ts';
import type { Settlement } from './settlement.ts';
import type { TargetFile } from './target-file.ts';
import type { TargetLook } from './target-look.ts';
import type { TargetTree } from './target-tree.ts';
import type { EntryResult } from './tree-writer.ts';
import type { WriterProgress } from './writer-progress.ts';

/** What a call reads back at most. */
const READ_BACK_BYTES = 64 * 2 ** 20;

/**
 * Takes complete files to their results: content durable, read back where that is asked for, named, name durable. And what stands there
 * already, as far as that still wants its name made durable.
 */
export class FileCommit {
  readonly #tree: TargetTree;
  readonly #look: TargetLook;
  readonly #partials: PartialFiles;
  readonly #readBack: ReadBack | undefined;
  readonly #settlement: Settlement;
  readonly #progress: WriterProgress;
  #ready: TargetFile[] = [];
  /** Of directories and skipped files: their names are there, but perhaps not durable yet. */
  #present: EntryResult[] = [];

  /**
   * @param readBack undefined: nothing is read back
   * @param progress is kept up to date
   */
  constructor(
    tree: TargetTree,
    look: TargetLook,
    partials: PartialFiles,
    readBack: ReadBack | undefined,
    settlement: Settlement,
    progress: WriterProgress,
  ) {
    this.#tree = tree;
    this.#look = look;
    this.#partials = partials;
    this.#readBack = readBack;
    this.#settlement = settlement;
    this.#progress = progress;
  }

  /** Entries that `goOn` has something to do for. */
  get waiting(): number {
    return this.#ready.length + this.#present.length + (this.#readBack?.files ?? 0);
  }

  /** Some of those that are there are files. */
  get hasSkipped(): boolean {
    return this.#present.some(({ skipped }) => skipped);
  }

  /** Entries that are there, and have no result. */
  get present(): number {
    return this.#present.length;
  }

  /** A file has all its content. */
  complete(file: TargetFile): void {
    this.#partials.complete(file);
    this.#ready.push(file);
  }

  /** All its content is in what stands there: at most its time and permissions are to be corrected. */
  same(file: TargetFile, standing: FileStatus): void {
    file.isSame = true;
    if (!this.#look.needsCorrection(file, standing)) {
      this.#keep(file);
      return;
    }
    file.inPlace = true;
    this.#partials.adopt(file, standing);
    this.#ready.push(file);
  }

  /** What stands there counts as equal by its status. */
  skipUnread(file: TargetFile, standing: FileStatus): void {
    this.#partials.correct(file, standing);
    file.isSame = true;
    this.#progress.presentBytes += file.size;
    this.#progress.writtenBytes += file.size;
    this.#keep(file, NO_DIGEST);
  }

  /** A directory stands there. */
  addDirectory(result: EntryResult): void {
    this.#present.push(result);
  }

  /** Goes on with all that wait. @param maxFiles of those that are complete */
  goOn(maxFiles: number): void {
    const batch = this.#ready.splice(0, maxFiles).filter(({ settled }) => !settled);
    const whole = this.#readAgain(this.#sync(batch));
    this.#stamp(whole.filter(({ inPlace }) => inPlace));
    const named: TargetFile[] = [];
    for (const file of whole) {
      this.#settlement.attempt(file, () => {
        this.#partials.name(file);
        named.push(file);
      });
    }
    this.syncNames(named);
  }

  /** Makes names durable: those of files that were just given theirs, and those that were there. */
  syncNames(named: readonly TargetFile[] = []): void {
    const present = this.#present.splice(0);
    try {
      this.#tree.sync();
      for (const result of present) this.#settlement.tell(result);
      for (const file of named) this.#settlement.tell(this.#settlement.succeed(file));
    } catch (error) {
      const { code, message } = asFileFailure(error);
      for (const { index, kind, target } of present)
        this.#settlement.tellFailed({ index, kind, target, code, message });
      for (const file of named) this.#settlement.fail(file, { code, message });
    }
  }

  /** Its name is there. @param digest default: by those of its chunks */
  #keep(file: TargetFile, digest?: Uint8Array): void {
    this.#tree.keep(file.directory);
    this.#present.push(this.#settlement.succeed(file, digest));
  }

  /** @returns those whose content is durable */
  #sync(files: readonly TargetFile[]): TargetFile[] {
    this.#settlement.failAll(this.#partials.sync(files));
    return files.filter(({ settled }) => !settled);
  }

  /** @returns files to be named: all that are durable, or those that were read back and are what was written */
  #readAgain(durable: readonly TargetFile[]): readonly TargetFile[] {
    if (this.#readBack === undefined) return durable;
    for (const file of durable) if (!file.isSame) this.#readBack.add(file);
    return [...durable.filter(({ isSame }) => isSame), ...this.#readBack.goOn(READ_BACK_BYTES)];
  }

  /** Gives times and permissions to durable files that were written in place, or were there, and makes these durable. */
  #stamp(files: readonly TargetFile[]): void {
    for (const file of files) this.#settlement.attempt(file, () => this.#partials.stamp(file));
    this.#sync(files.filter(({ settled }) => !settled));
  }
}
