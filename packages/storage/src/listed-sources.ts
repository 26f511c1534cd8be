import {
  displayPath,
  type FileStatus,
  type Found,
  manifestEntry,
  type Permissions,
  type ScanBatch,
  type SourcePath,
  scanProblem,
  splitPath,
} from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';
import type { FileSystem } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';

/** A file or directory that a scan found before, by its name. */
export interface ListedSource {
  /** Path beneath the file system's root. */
  source: string;
  target: string;
  kind: 'file' | 'directory';
  /** The name was a symlink then, and led there. */
  followed: boolean;
}

export interface ListedSourcesOptions {
  fileSystem: FileSystem;
  handles: HandleCache;
  /** What to do with symlinks that were none at the scan. */
  symlinks: 'follow' | 'ignore';
  permissions: ((status: FileStatus) => Permissions) | undefined;
}

/**
 * Looks up what a scan found before, as it stands now. A directory is held open while things in it are looked up on end, and for
 * their reading.
 */
export class ListedSources {
  readonly #options: ListedSourcesOptions;
  #directory: SourcePath = { parent: undefined, components: [], targetPath: undefined };

  constructor(options: ListedSourcesOptions) {
    this.#options = options;
  }

  /** What has vanished, or become another kind of thing, is a problem. */
  look(listed: readonly ListedSource[]): ScanBatch {
    const batch: ScanBatch = { found: [], problems: [], done: false };
    for (const one of listed) {
      let shown = '';
      try {
        const components = splitPath(one.source);
        shown = displayPath(components);
        batch.found.push(this.#find(one, components));
      } catch (error) {
        batch.problems.push(scanProblem(shown, error));
      }
    }
    return batch;
  }

  #find({ target, kind, followed }: ListedSource, components: string[]): Found {
    splitPath(target);
    const { fileSystem, handles, symlinks, permissions } = this.#options;
    const name = components.at(-1) ?? '';
    const directory = this.#directoryOf(components);
    const own =
      name === ''
        ? handles.attempt(() => fileSystem.status([]))
        : handles.use(directory, () => fileSystem.openDirectory(directory.components)).status(name);
    if (own === undefined) throw notAsListed('not-found', 'is not there any more', components);
    const isLink = own.kind === 'symlink';
    if (isLink && !followed && symlinks === 'ignore')
      throw notAsListed('source-changed', 'is a symlink now', components);
    const status = isLink ? handles.attempt(() => fileSystem.status(components)) : own;
    if (status.kind !== kind)
      throw notAsListed('source-changed', `was a ${kind}, and is none now`, components);
    return { entry: manifestEntry(status, target, permissions), status, directory, name, followed: isLink };
  }

  /** The same object for all of one directory that come on end. */
  #directoryOf(components: readonly string[]): SourcePath {
    const held = this.#directory.components;
    const isHeld =
      held.length === Math.max(0, components.length - 1) && held.every((name, at) => name === components[at]);
    if (!isHeld) this.#directory = { ...this.#directory, components: components.slice(0, -1) };
    return this.#directory;
  }
}

function notAsListed(
  code: 'not-found' | 'source-changed',
  what: string,
  components: readonly string[],
): JetStreamError {
  const shown = displayPath(components);
  return new JetStreamError(code, `${shown} ${what}: make the manifest anew`, {
    subject: `/${components.join('/')}`,
  });
}
