import { createTargetResolver, pathInSandbox, SYSTEM_ROOT, splitTargetPath } from '@jetstream/manifest';
import { actAs, refuseOpenToOthers } from '@jetstream/platform';
import { type ErrorCode, type HoleRun, JetStreamError, type ManifestBatch } from '@jetstream/protocol';
import {
  type Blake3,
  type BlockRead,
  createTreeReader,
  createTreeScanner,
  createTreeWriter,
  type DeadPartial,
  type EntryPlan,
  type ListedSource,
  type ManagedFileSystem,
  openSandbox,
  type ResumeAnswer,
  type ResumeLookup,
  type ResumeUpdate,
  type ScannedBatch,
  type TreeReader,
  type TreeScanner,
  type TreeWriter,
} from '@jetstream/storage';
import { fromWire } from '../content/manifest-messages.ts';
import { beginOperation, type OperationResult } from './file-operations.ts';
import type {
  FileOperation,
  FilesRequest,
  ReaderRequest,
  ScanRequest,
  WriterRequest,
} from './storage-operations.ts';
import type { StorageOwner } from './storage-owner.ts';
import {
  type BatchCounts,
  countsOf,
  readBatch,
  type SettledEntries,
  settleEntries,
  type ToldBatch,
  tellBatch,
} from './told-entries.ts';
import { type WriterStep, writerStep } from './writer-step.ts';

/** Entries that one transfer may have. */
const MAX_MANIFEST_ENTRIES = 100_000_000;
const MAX_SECRET_BYTES = 64 * 1024;

/**
 * What a storage worker can do: one scanner, reader or writer, or file operations, its methods flattened so that each is one message. All of it is
 * synchronous.
 */
export class StorageSession {
  readonly #blake3: Blake3;
  readonly #createWriter: typeof createTreeWriter;
  #scanner: TreeScanner | undefined;
  #reader: TreeReader | undefined;
  #writer: TreeWriter | undefined;
  /** Read, and not added yet. */
  #batch: ManifestBatch | undefined;
  #isFinished = false;
  #files: ManagedFileSystem | undefined;
  #operation: Generator<void, OperationResult> | undefined;
  #closeFileSystem: (() => void) | undefined;

  constructor(blake3: Blake3, createWriter: typeof createTreeWriter = createTreeWriter) {
    this.#blake3 = blake3;
    this.#createWriter = createWriter;
  }

  /**
   * All of a file that holds a secret of the account.
   * @throws JetStreamError `permission-denied` when others may read it, or it cannot become the account; `not-found`, `limit-exceeded`
   */
  readSecret({ actAs: account }: StorageOwner, path: string): Uint8Array {
    if (account !== undefined) actAs(account);
    const fileSystem = openSandbox(SYSTEM_ROOT);
    this.#closeFileSystem = () => fileSystem.close();
    const file = fileSystem.openFile(splitTargetPath(path));
    try {
      const { mode, size } = file.status();
      refuseOpenToOthers(path, mode, 'private key');
      if (size > MAX_SECRET_BYTES) throw new JetStreamError('limit-exceeded', `${path} is too large`);
      const content = new Uint8Array(size);
      return content.subarray(0, file.read(content, 0));
    } finally {
      file.close();
    }
  }

  /** @throws JetStreamError `permission-denied` when it cannot become the account; then nothing is open and nothing can be done */
  openScanner({ actAs: account, sandbox, ...tree }: ScanRequest): void {
    if (account !== undefined) actAs(account);
    const fileSystem = openSandbox(sandbox);
    this.#closeFileSystem = () => fileSystem.close();
    this.#scanner = createTreeScanner({ fileSystem, ...tree });
  }

  scan(maxNames: number): ScannedBatch {
    return this.#open(this.#scanner).next(maxNames);
  }

  /** @throws JetStreamError `permission-denied` when it cannot become the account; then nothing is open and nothing can be done */
  openReader({ actAs: account, sandbox, ...tree }: ReaderRequest): void {
    if (account !== undefined) actAs(account);
    const fileSystem = openSandbox(sandbox);
    this.#closeFileSystem = () => fileSystem.close();
    this.#reader = createTreeReader({ fileSystem, blake3: this.#blake3, ...tree });
  }

  nextBatch(maxEntries: number): ToldBatch {
    return tellBatch(this.#open(this.#reader).nextBatch(maxEntries));
  }

  lookUp(listed: readonly ListedSource[], isLast: boolean): ToldBatch {
    return tellBatch(this.#open(this.#reader).lookUp(listed, isLast));
  }

  applyPlans(plans: readonly EntryPlan[]): void {
    this.#open(this.#reader).applyPlans(plans);
  }

  readBlock(block: number, into: Uint8Array, chunks?: readonly number[]): BlockRead {
    return this.#open(this.#reader).readBlock(block, into, chunks);
  }

  /** @throws JetStreamError `protocol-violation` */
  settleEntries(message: Uint8Array): SettledEntries {
    return settleEntries(this.#open(this.#reader), message);
  }

  /** @throws JetStreamError `permission-denied` when it cannot become the account; then nothing is open and nothing can be done */
  openWriter(request: WriterRequest): void {
    if (request.actAs !== undefined) actAs(request.actAs);
    const sandbox = request.rule === 'server' ? request.sandbox : SYSTEM_ROOT;
    const fileSystem = openSandbox(sandbox);
    this.#closeFileSystem = () => fileSystem.close();
    const { transferId, overwrite, skip, verify, preserve, readBack, resumable } = request;
    this.#writer = this.#createWriter({
      fileSystem,
      blake3: this.#blake3,
      resolve: targetRule(request),
      transferId,
      maxEntries: MAX_MANIFEST_ENTRIES,
      overwrite,
      skip,
      verify,
      preserve,
      readBack,
      resumable,
      pathOf: (components) => pathInSandbox(sandbox, components),
      ...(request.actAs !== undefined && { uid: request.actAs.uid }),
    });
  }

  /** @throws JetStreamError `permission-denied` when it cannot become the account; then nothing is open and nothing can be done */
  openFiles({ actAs: account, sandbox }: FilesRequest): void {
    if (account !== undefined) actAs(account);
    const files = openSandbox(sandbox);
    this.#closeFileSystem = () => files.close();
    this.#files = files;
  }

  beginOperation(operation: FileOperation): void {
    this.#operation = beginOperation(this.#open(this.#files), operation);
  }

  /**
   * Goes on with the operation for about so long, in not more than so many steps.
   * @returns the steps that it took, and its result once there is one
   */
  goOn(maxMs: number, maxSteps: number): { steps: number; result?: OperationResult } {
    const operation = this.#open(this.#operation);
    const end = performance.now() + maxMs;
    for (let steps = 0; ; ) {
      const next = operation.next();
      if (next.done) return { steps, result: next.value };
      if (++steps >= maxSteps || performance.now() >= end) return { steps };
    }
  }

  /** Parses what `addEntries` is to add. @throws JetStreamError `protocol-violation` */
  readBatch(message: Uint8Array): BatchCounts {
    this.#batch = readBatch(message);
    return countsOf(this.#batch);
  }

  addEntries(): WriterStep & { lookups: ResumeLookup[] } {
    const writer = this.#open(this.#writer);
    const { firstIndex, entries } = this.#open(this.#batch);
    this.#batch = undefined;
    const { results, lookups } = writer.addEntries(firstIndex, entries.map(fromWire));
    return { ...writerStep(writer, results), lookups };
  }

  resume(answers: readonly ResumeAnswer[]): void {
    this.#open(this.#writer).resume(answers);
  }

  plan(
    maxBytes: number,
  ): WriterStep & Pick<ReturnType<TreeWriter['plan']>, 'plans' | 'plannedBlocks' | 'notes' | 'more'> {
    const writer = this.#open(this.#writer);
    const { results, ...planned } = writer.plan(maxBytes);
    return { ...writerStep(writer, results), ...planned };
  }

  endManifest(entries: number): WriterStep {
    const writer = this.#open(this.#writer);
    writer.endManifest(entries);
    return writerStep(writer, []);
  }

  /** @returns `wantedChunks`: to be asked for */
  writeBlock(
    block: number,
    bytes: Uint8Array,
    digests: Uint8Array,
    uses: Uint8Array | undefined,
  ): WriterStep & { wantedChunks: number[] } {
    const writer = this.#open(this.#writer);
    const { wantedChunks, results } = writer.writeBlock(block, bytes, digests, uses);
    return { ...writerStep(writer, results), wantedChunks };
  }

  addHoles({ index, firstChunk, chunks }: HoleRun): WriterStep {
    const writer = this.#open(this.#writer);
    return writerStep(writer, writer.addHoles(index, firstChunk, chunks).results);
  }

  failEntry(index: number, code: ErrorCode, message: string): WriterStep {
    const writer = this.#open(this.#writer);
    return writerStep(writer, writer.failEntry(index, code, message));
  }

  /** @returns `requests`: to be asked for once more */
  commitReady(maxFiles: number): WriterStep & { requests: { block: number; chunks: number[] }[] } {
    const writer = this.#open(this.#writer);
    const { results, requests } = writer.commitReady(maxFiles);
    return { ...writerStep(writer, results), requests };
  }

  checkpoint(): ReturnType<TreeWriter['checkpoint']> {
    return this.#open(this.#writer).checkpoint();
  }

  finish(): { deadPartials: DeadPartial[] } {
    const { deadPartials } = this.#open(this.#writer).finish();
    this.#isFinished = true;
    return { deadPartials };
  }

  removeDead(partials: readonly DeadPartial[]): void {
    this.#open(this.#writer).removeDead(partials);
  }

  /** Ends the writer early; nothing when there is none, or it has finished. */
  suspend(): ResumeUpdate[] {
    const updates = this.#isFinished ? [] : (this.#writer?.suspend() ?? []);
    this.#writer = undefined;
    return updates;
  }

  /** Removes what is unfinished and closes everything. */
  close(): void {
    this.#scanner?.close();
    this.#reader?.close();
    this.#operation?.return(null);
    if (!this.#isFinished) this.#writer?.abort();
    this.#closeFileSystem?.();
    this.#scanner = undefined;
    this.#reader = undefined;
    this.#writer = undefined;
    this.#batch = undefined;
    this.#files = undefined;
    this.#operation = undefined;
    this.#closeFileSystem = undefined;
  }

  #open<T>(tree: T | undefined): T {
    if (tree === undefined) throw new JetStreamError('internal', 'the storage worker has no tree open');
    return tree;
  }
}

function targetRule(request: WriterRequest): (targetPath: string) => string[] {
  if (request.rule === 'server') {
    const resolver = createTargetResolver(request);
    return (targetPath) => resolver.resolve(targetPath);
  }
  const { localTargets } = request;
  return (targetPath) => {
    const [, mapping, rest = ''] = /^(\d+)(\/.*)?$/s.exec(targetPath) ?? [];
    const local = localTargets[Number(mapping)];
    if (local === undefined) {
      throw new JetStreamError('path-refused', 'the server sent a file that was not asked for');
    }
    return [...local.split('/').filter((name) => name !== ''), ...splitTargetPath(rest)];
  };
}
