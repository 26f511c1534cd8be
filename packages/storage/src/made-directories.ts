import type { ManifestEntry } from '@jetstream/manifest';
import { success } from './entry-result.ts';
import { asFileFailure } from './errno.ts';
import type { FileCommit } from './file-commit.ts';
import type { HandleCache } from './handle-cache.ts';
import type { TargetPermissions } from './permissions.ts';
import type { Settlement } from './settlement.ts';
import { componentsOf, type TargetDirectory, type TargetTree } from './target-tree.ts';
import type { TreeWriterOptions } from './tree-writer.ts';

type DirectoryOptions = Pick<TreeWriterOptions, 'fileSystem' | 'resolve' | 'preserve'>;
type Attributes = Pick<ManifestEntry, 'mtimeSeconds' | 'mtimeNanoseconds' | 'permissions'>;

/** The directories of a manifest. They get their times, and permissions that are preserved, when nothing more is put into them. */
export class MadeDirectories {
  readonly #tree: TargetTree;
  readonly #handles: HandleCache;
  readonly #permissions: TargetPermissions;
  readonly #commit: FileCommit;
  readonly #settlement: Settlement;
  readonly #options: DirectoryOptions;
  readonly #directories: { directory: TargetDirectory; attributes: Attributes }[] = [];

  constructor(
    tree: TargetTree,
    handles: HandleCache,
    permissions: TargetPermissions,
    commit: FileCommit,
    settlement: Settlement,
    options: DirectoryOptions,
  ) {
    this.#tree = tree;
    this.#handles = handles;
    this.#permissions = permissions;
    this.#commit = commit;
    this.#settlement = settlement;
    this.#options = options;
  }

  /** Makes it where it is missing. */
  add(index: number, { targetPath, mtimeSeconds, mtimeNanoseconds, ...entry }: ManifestEntry): void {
    try {
      const components = this.#options.resolve(targetPath);
      const directory = this.#tree.claimDirectory(components);
      this.#handles.attempt(() => this.#tree.open(directory));
      const permissions = this.#options.preserve ? entry.permissions : undefined;
      this.#directories.push({ directory, attributes: { mtimeSeconds, mtimeNanoseconds, permissions } });
      this.#commit.addDirectory(success('directory', index, `/${components.join('/')}`));
    } catch (error) {
      const { code, message } = asFileFailure(error);
      this.#settlement.tellFailed({ index, kind: 'directory', target: targetPath, code, message });
    }
  }

  /** The deepest first: a directory may let nobody in any more. */
  finish(): void {
    for (const { directory, attributes } of this.#directories.reverse()) this.#set(directory, attributes);
  }

  /** A nicety: a directory that belongs to somebody else keeps what it has. */
  #set(directory: TargetDirectory, { mtimeSeconds, mtimeNanoseconds, permissions }: Attributes): void {
    try {
      this.#handles.attempt(() => {
        const opened = this.#tree.open(directory);
        if (permissions !== undefined) {
          const permitted = {
            status: () => this.#options.fileSystem.status(componentsOf(directory)),
            setMode: (mode: number) => opened.setMode(mode),
            setOwner: (uid: number, gid: number) => opened.setOwner(uid, gid),
          };
          this.#permissions.apply(permitted, permissions, 0);
        }
        opened.setModificationTime(mtimeSeconds, mtimeNanoseconds);
      });
    } catch (error) {
      asFileFailure(error);
    }
  }
}
