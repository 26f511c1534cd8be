import type { ErrorCode } from '@jetstream/protocol';
import type { Blake3 } from './digest.ts';
import { failure } from './entry-result.ts';
import { asFileFailure } from './errno.ts';
import type { PartialFiles } from './partial-files.ts';
import type { Resumption } from './resumption.ts';
import { SiblingPaths } from './sibling-paths.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import { componentsOf, type TargetDirectory } from './target-tree.ts';
import type { EntryResult } from './tree-writer.ts';
import type { WriterProgress } from './writer-progress.ts';

/** When the cause of such a failure is gone, what is durable of the file is of use. */
const CAUSES_THAT_PASS: ReadonlySet<ErrorCode> = new Set([
  'disk-full',
  'quota-exceeded',
  'io-error',
  'too-many-open-files',
  'read-only',
  'permission-denied',
]);

/** Files that have no result yet, and results that nobody was told so far: each entry gets exactly one (TR-3). */
export class Settlement {
  readonly #partials: PartialFiles;
  readonly #resumption: Resumption;
  readonly #blake3: Blake3;
  readonly #progress: WriterProgress;
  readonly #onSettled: (file: TargetFile) => void;
  readonly #paths = new SiblingPaths<TargetDirectory>(componentsOf);
  readonly #unsettled = new Map<number, TargetFile>();
  #untold: EntryResult[] = [];

  /**
   * @param progress is kept up to date
   * @param onSettled nothing of the file is of use to anybody any more
   */
  constructor(
    partials: PartialFiles,
    resumption: Resumption,
    blake3: Blake3,
    progress: WriterProgress,
    onSettled: (file: TargetFile) => void,
  ) {
    this.#partials = partials;
    this.#resumption = resumption;
    this.#blake3 = blake3;
    this.#progress = progress;
    this.#onSettled = onSettled;
  }

  /** Files without a result and results that were not told. */
  get open(): number {
    return this.#unsettled.size + this.#untold.length;
  }

  get untold(): number {
    return this.#untold.length;
  }

  /** It is to get a result. */
  add(file: TargetFile): void {
    this.#unsettled.set(file.index, file);
  }

  /** That of an entry; undefined when it has a result, or never was one. */
  fileOf(index: number): TargetFile | undefined {
    return this.#unsettled.get(index);
  }

  /** What a file fails of is its own. */
  attempt(file: TargetFile, operation: () => void): void {
    if (file.settled) return;
    try {
      operation();
    } catch (error) {
      this.fail(file, asFileFailure(error));
    }
  }

  /** Fails those of some files to which an error belongs. */
  failAll(errors: ReadonlyMap<TargetFile, { code: ErrorCode; message: string }>): void {
    for (const [file, error] of errors) this.fail(file, error);
  }

  /** @param target default: its place */
  fail(
    file: TargetFile,
    { code, message }: { code: ErrorCode; message: string },
    target = this.#paths.of(file.directory, file.name),
  ): void {
    // Nobody has looked at what its record says, if it has one.
    const isKept = this.#resumption.isUnknown(file) || (this.#isOfUse(file) && CAUSES_THAT_PASS.has(code));
    if (isKept) this.#partials.leave(file);
    else this.#partials.discard(file);
    const record = file.record && !isKept && { recordKey: file.record.key };
    this.#settle(file);
    this.tellFailed({ index: file.index, kind: 'file', target, code, message, ...record });
  }

  /**
   * It stands under its name.
   * @param digest default: by those of its chunks
   * @returns what is to be told once that is durable
   */
  succeed(file: TargetFile, digest = digestsOf(file).fileDigest(this.#blake3)): EntryResult {
    const { index, directory, name, size: bytes, isSame: skipped, record } = file;
    this.#settle(file);
    const target = this.#paths.of(directory, name);
    const result: EntryResult = {
      index,
      kind: 'file',
      code: 'none',
      message: '',
      target,
      bytes,
      digest,
      skipped,
    };
    if (record !== undefined) result.recordKey = record.key;
    return result;
  }

  /** What `succeed` gave, or a directory, is durable. */
  tell(result: EntryResult): void {
    if (result.kind === 'file') {
      this.#progress.durableBytes += result.bytes;
      this.#progress.filesDone++;
    }
    this.#untold.push(result);
  }

  tellFailed(result: Omit<EntryResult, 'bytes' | 'digest' | 'skipped'>): void {
    this.#progress.failed++;
    this.#untold.push(failure(result));
  }

  /** Results that were not told; they are, now. */
  take(): EntryResult[] {
    return this.#untold.splice(0);
  }

  /** Lets unfinished files stand that a later transfer can go on from. */
  keep(): void {
    for (const file of this.#unsettled.values()) if (this.#isOfUse(file)) this.#partials.leave(file);
  }

  /** Removes unfinished files; none of them gets a result. */
  drop(): void {
    for (const file of this.#unsettled.values()) this.#partials.discard(file);
    this.#unsettled.clear();
  }

  /** A later transfer can go on from what there is of it. */
  #isOfUse(file: TargetFile): boolean {
    const { record } = file;
    if (record === undefined) return false;
    return this.#resumption.isPending(file) || (record.isStored && record.durableBytes > 0);
  }

  #settle(file: TargetFile): void {
    file.settled = true;
    this.#unsettled.delete(file.index);
    this.#onSettled(file);
    file.digests = undefined;
  }
}
