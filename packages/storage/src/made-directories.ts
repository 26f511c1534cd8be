import type { ManifestEntry } from '@jetstream/manifest';
import { asFileFailure } from './errno.ts';
import type { FileSystem } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import type { TargetPermissions } from './permissions.ts';
import { componentsOf, type TargetDirectory, type TargetTree } from './target-tree.ts';

type Attributes = Pick<ManifestEntry, 'mtimeSeconds' | 'mtimeNanoseconds' | 'permissions'>;

/** The directories of a manifest. They get their times, and permissions that are preserved, when nothing more is put into them. */
export class MadeDirectories {
  readonly #fileSystem: FileSystem;
  readonly #tree: TargetTree;
  readonly #handles: HandleCache;
  readonly #permissions: TargetPermissions;
  readonly #directories: { directory: TargetDirectory; attributes: Attributes }[] = [];

  constructor(
    fileSystem: FileSystem,
    tree: TargetTree,
    handles: HandleCache,
    permissions: TargetPermissions,
  ) {
    this.#fileSystem = fileSystem;
    this.#tree = tree;
    this.#handles = handles;
    this.#permissions = permissions;
  }

  add(directory: TargetDirectory, { mtimeSeconds, mtimeNanoseconds, permissions }: Attributes): void {
    this.#directories.push({ directory, attributes: { mtimeSeconds, mtimeNanoseconds, permissions } });
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
            status: () => this.#fileSystem.status(componentsOf(directory)),
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
