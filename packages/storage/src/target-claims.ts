import type { BlockIndex, ManifestEntry } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import type { ContentIntake } from './content-intake.ts';
import { asFileFailure } from './errno.ts';
import type { FileCommit } from './file-commit.ts';
import type { OlderVersions } from './older-versions.ts';
import { isInPlace, type OverwriteMode } from './overwrite-mode.ts';
import { pathInSystem } from './record-path.ts';
import type { Settlement } from './settlement.ts';
import type { Approach } from './standing-target.ts';
import type { RecordedState, TargetFile } from './target-file.ts';
import { type TargetLook, targetRefused } from './target-look.ts';
import { componentsOf, type TargetTree } from './target-tree.ts';
import type { EntryPlan, TreeWriterOptions } from './tree-writer.ts';

/** Where files go when it is known what is to be done about them. */
export interface ClaimedFiles {
  readonly blocks: BlockIndex<TargetFile>;
  readonly older: OlderVersions;
  readonly content: ContentIntake;
  readonly commit: FileCommit;
  readonly settlement: Settlement;
}

export type ClaimOptions = Pick<TreeWriterOptions, 'resolve' | 'preserve' | 'resumable' | 'pathOf'> & {
  overwrite: OverwriteMode;
};

/** Gives each file of the manifest its place, and decides by what stands there what becomes of it. */
export class TargetClaims {
  readonly #tree: TargetTree;
  readonly #look: TargetLook;
  readonly #files: ClaimedFiles;
  readonly #options: ClaimOptions;
  /** Of files that are to be compared with what stands there. */
  readonly #plans: EntryPlan[] = [];

  constructor(tree: TargetTree, look: TargetLook, files: ClaimedFiles, options: ClaimOptions) {
    this.#tree = tree;
    this.#look = look;
    this.#files = files;
    this.#options = options;
  }

  /** @param address in the layout */
  add(index: number, entry: ManifestEntry, address: number): TargetFile {
    const { blocks, settlement } = this.#files;
    const file = this.#newFile(index, entry, address);
    // Also with a bad name it has its place among the bytes.
    if (file.size > 0) blocks.add(file);
    try {
      const components = this.#options.resolve(entry.targetPath);
      // A copy: a part of a path would keep the whole of it in memory, a million times.
      file.name = Buffer.from(components.pop()!).toString();
      file.directory = this.#tree.claimFile([...components, file.name]);
    } catch (error) {
      settlement.fail(file, asFileFailure(error), entry.targetPath);
      return file;
    }
    settlement.add(file);
    settlement.attempt(file, () => this.#lookAt(file));
    return file;
  }

  takePlans(): EntryPlan[] {
    return this.#plans.splice(0);
  }

  #newFile(index: number, entry: ManifestEntry, address: number): TargetFile {
    const { size, mtimeSeconds, mtimeNanoseconds, executable, sourceInode } = entry;
    return {
      index,
      address,
      size,
      directory: this.#tree.root,
      name: '',
      mtimeSeconds,
      mtimeNanoseconds,
      executable,
      permissions: this.#options.preserve ? entry.permissions : undefined,
      sourceInode,
      inPlace: isInPlace(this.#options.overwrite),
      older: undefined,
      isSame: false,
      refusal: undefined,
      digests: undefined,
      partial: undefined,
      record: undefined,
      settled: false,
    };
  }

  #lookAt(file: TargetFile): void {
    const { standing, approach } = this.#look.at(file);
    if (approach.does === 'refuse') {
      this.#refuse(file, approach);
      return;
    }
    if (approach.does === 'receive' && approach.compares) {
      this.#files.older.compare(file, standing!, approach.mayDiffer);
    }
    file.record = this.#recordOf(file);
    if (approach.does === 'skip') this.#files.commit.skipUnread(file, standing!);
    else this.#receive(file);
  }

  /** What stands there is not to be replaced, unless it is the unfinished file itself of an earlier transfer: that its record tells. */
  #refuse(file: TargetFile, { code, what }: Extract<Approach, { does: 'refuse' }>): void {
    const refusal = targetRefused(file, code, what);
    const record = this.#recordOf(file);
    if (!file.inPlace || code !== 'already-exists' || record === undefined) throw refusal;
    file.record = record;
    file.refusal = refusal;
  }

  /** Undefined: nothing will be recorded of it. */
  #recordOf(file: TargetFile): RecordedState | undefined {
    const { resumable, pathOf = pathInSystem } = this.#options;
    const { directory, name, size, older } = file;
    if (!resumable || size <= BLOCK_BYTES || older?.mayDiffer === false) return undefined;
    const key = pathOf(componentsOf(directory, name));
    return { key, isStored: false, foundBytes: 0, durableBytes: 0, writtenBytes: 0 };
  }

  #receive(file: TargetFile): void {
    const { commit, content } = this.#files;
    if (file.size === 0) {
      if (file.older?.equal === undefined) commit.complete(file);
      else content.takeSame(file);
    } else if (file.older !== undefined) {
      this.#plans.push({ index: file.index, digestsFirst: true, have: [] });
    }
  }
}
