import {
  BlockIndex,
  displayPath,
  type Found,
  Layout,
  type ManifestEntry,
  type ScanBatch,
  Scanner,
  type SourcePath,
  sourceComponents,
} from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { asFileFailure } from './errno.ts';
import { HandleCache } from './handle-cache.ts';
import { type ListedSource, ListedSources } from './listed-sources.ts';
import { applyPlan } from './planned-chunks.ts';
import { scanWithin } from './scan-within.ts';
import { SiblingPaths } from './sibling-paths.ts';
import { BlockReader } from './source-block.ts';
import { SourceContent } from './source-content.ts';
import { SourceFile } from './source-file.ts';
import { sourcePermissions } from './source-permissions.ts';
import type {
  BlockRead,
  ManifestTotals,
  ReaderBatch,
  SourceEntry,
  TreeReader,
  TreeReaderOptions,
} from './tree-reader.ts';
import type { EntryPlan } from './tree-writer.ts';
import { violation } from './violation.ts';

export class SourceTree implements TreeReader {
  readonly #scanner: Scanner;
  readonly #listed: ListedSources;
  readonly #layout = new Layout();
  readonly #blocks = new BlockIndex<SourceFile>();
  readonly #blockReader: BlockReader;
  readonly #unsettled = new Map<number, SourceFile>();
  readonly #paths = new SiblingPaths<SourcePath>(sourceComponents);
  readonly #content: SourceContent;
  readonly #handles: HandleCache;
  readonly #offersOnly: boolean;
  readonly #totals: ManifestTotals = { entries: 0, files: 0, bytes: 0 };
  #done = false;

  constructor(options: TreeReaderOptions) {
    this.#handles = new HandleCache(options.maxOpenHandles ?? 32);
    const { fileSystem, symlinks } = options;
    const permissions = options.preserve ? sourcePermissions() : undefined;
    this.#scanner = new Scanner({
      ...options,
      fileSystem: scanWithin(this.#handles, fileSystem),
      permissions,
    });
    this.#listed = new ListedSources({ fileSystem, handles: this.#handles, symlinks, permissions });
    this.#content = new SourceContent(options.fileSystem, this.#handles);
    this.#offersOnly = options.verify ?? false;
    this.#blockReader = new BlockReader(options.blake3, this.#content, this.#offersOnly);
  }

  nextBatch(maxEntries: number): ReaderBatch {
    return this.#take(this.#scanner.nextBatch(maxEntries));
  }

  lookUp(listed: readonly ListedSource[], isLast: boolean): ReaderBatch {
    return this.#take({ ...this.#listed.look(listed), done: isLast });
  }

  applyPlans(plans: readonly EntryPlan[]): void {
    for (const plan of plans) {
      const { index } = plan;
      if (index >= this.#totals.entries) throw violation(`a plan is for entry ${index}, which is not there`);
      const file = this.#unsettled.get(index);
      // Its failure and its plan may pass each other on the way.
      if (file !== undefined) applyPlan(file, plan);
    }
  }

  readBlock(block: number, into: Uint8Array, chunks?: readonly number[]): BlockRead {
    const files = this.#blocks.filesIn(block);
    if (chunks !== undefined && this.#offersOnly) throw violation('content was asked for in a comparison');
    // Of a block whose files are all settled nothing is known any more.
    if (files.length > 0 && chunks?.some((position) => position >= files.length)) {
      throw violation(`block ${block} was asked for a chunk that it does not have`);
    }
    const read = this.#blockReader.read(files, block, into, chunks);
    return { ...read, nextBlock: this.#nextNeeded(block + 1) };
  }

  describe(index: number): SourceEntry | undefined {
    const file = this.#unsettled.get(index);
    if (file === undefined) return undefined;
    const { kind, size: bytes, directory, name, targetPath: target } = file;
    return { kind, source: this.#paths.of(directory, name), target, bytes };
  }

  entrySettled(index: number): SourceEntry | undefined {
    const described = this.describe(index);
    const file = this.#unsettled.get(index);
    if (file === undefined) return undefined;
    this.#unsettled.delete(index);
    this.#content.forget(file);
    file.state = 'settled';
    if (file.size > 0) this.#blocks.settle(file);
    return described;
  }

  close(): void {
    this.#scanner.close();
    this.#handles.closeAll();
  }

  #take({ found: all, problems, done }: ScanBatch): ReaderBatch {
    const firstIndex = this.#totals.entries;
    const entries: ManifestEntry[] = [];
    for (const found of all) {
      try {
        this.#add(found);
        entries.push(found.entry);
      } catch (error) {
        const { code, message } = asFileFailure(error);
        const source = displayPath(sourceComponents(found.directory, found.name));
        problems.push({ source, code, message: `${source}: ${message}` });
      }
    }
    if (done && !this.#done) this.#layout.finish();
    this.#done = done;
    return {
      firstIndex,
      entries,
      problems,
      sealedBlocks: this.#layout.takeSealed(),
      done,
      totals: { ...this.#totals },
    };
  }

  #add(found: Found): void {
    const { kind, size } = found.entry;
    const file = new SourceFile(this.#totals.entries, this.#layout.place(size), found);
    this.#unsettled.set(file.index, file);
    if (size > 0) this.#blocks.add(file);
    this.#totals.entries++;
    this.#totals.bytes += size;
    if (kind === 'file') this.#totals.files++;
  }

  /** First block from `block` on that must be read or looked at, or may get more files. */
  #nextNeeded(block: number): number {
    const unsealed = Math.floor(this.#layout.end / BLOCK_BYTES);
    for (let next = block; next < unsealed; next++) {
      const group = this.#blocks.groupFrom(next);
      if (group === undefined) break;
      const { firstBlock, lastBlock, files } = group;
      // Only the first one has more blocks than one.
      next = Math.min(files[0]!.nextNeededBlock(Math.max(next, firstBlock)), lastBlock);
      if (next < lastBlock || files.some((file) => file.nextNeededBlock(next) === next)) return next;
    }
    return Math.max(block, unsealed);
  }
}
