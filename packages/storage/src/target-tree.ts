import { displayPath } from '@jetstream/manifest';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { Directory, FileSystem } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import { NamePacker, TakenNames } from './taken-names.ts';
import { type SharedVolume, syncVolumes, type Volumes } from './volumes.ts';

/** A directory that a transfer writes into. */
export interface TargetDirectory {
  readonly parent: TargetDirectory | undefined;
  /** In `parent`; empty for the root. */
  readonly name: string;
  /** What this transfer has named in it so far; undefined: nothing. Files are used by way of a `NamePacker`. */
  directories: Map<string, TargetDirectory> | undefined;
  files: TakenNames | undefined;
  /** The next sync makes its own name durable, or an earlier one has. */
  isNameSynced: boolean;
  /** What stood in it when it was last synced is durable. */
  isSynced: boolean;
  isMade: boolean;
  /** It was opened, and had not been made by this transfer. */
  wasFound: boolean;
}

/**
 * The directories of a transfer's targets: one object for each, each name taken once, opened through the cache of handles and
 * made where they are missing.
 */
export class TargetTree {
  readonly root: TargetDirectory = {
    parent: undefined,
    name: '',
    directories: undefined,
    files: undefined,
    isNameSynced: true,
    isSynced: false,
    isMade: false,
    wasFound: false,
  };
  readonly #fileSystem: FileSystem;
  readonly #volumes: Volumes;
  readonly #handles: HandleCache;
  /** Directories with names that are not durable yet. */
  readonly #touched = new Map<TargetDirectory, Touched>();
  readonly #packer = new NamePacker();

  constructor(fileSystem: FileSystem, volumes: Volumes, handles: HandleCache) {
    this.#fileSystem = fileSystem;
    this.#volumes = volumes;
    this.#handles = handles;
  }

  /**
   * Takes a name for a file of the transfer and gives its directory.
   * @throws JetStreamError `already-exists`, `is-a-directory`, `not-a-directory` when an earlier entry stands in the way
   */
  claimFile(components: readonly string[]): TargetDirectory {
    const directory = this.#claim(components, components.length - 1);
    const name = components.at(-1)!;
    if (directory.directories?.has(name)) {
      throw conflict('is-a-directory', components, 'is a directory of this transfer');
    }
    directory.files ??= new TakenNames();
    const files = this.#packer.use(directory.files);
    if (files.has(name)) throw conflict('already-exists', components, 'is named twice in this transfer');
    files.add(name);
    return directory;
  }

  /** @throws JetStreamError `not-a-directory` when an earlier entry stands in the way */
  claimDirectory(components: readonly string[]): TargetDirectory {
    return this.#claim(components, components.length);
  }

  /** The directory, opened; made where it is missing. Use it at once: the next call may close it. */
  open(directory: TargetDirectory): Directory {
    return this.#handles.use(directory, () => this.#openOrMake(directory));
  }

  /** Those that were opened and had not been made here. */
  *foundDirectories(): Generator<TargetDirectory> {
    const todo = [this.root];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      if (at.wasFound) yield at;
      for (const child of at.directories?.values() ?? []) todo.push(child);
    }
  }

  /** A file or directory of the transfer has that name. */
  isTaken(directory: TargetDirectory, name: string): boolean {
    return directory.directories?.has(name) === true || this.#isFile(directory, name);
  }

  /** Replaces a file or symlink at the new name. */
  rename(directory: TargetDirectory, oldName: string, newName: string): void {
    const handle = this.open(directory);
    this.#touch(directory, handle);
    handle.rename(oldName, newName);
  }

  /** The directory, opened; nothing is made. @throws JetStreamError `not-found` and others */
  openFound(directory: TargetDirectory): Directory {
    return this.#handles.use(directory, () => this.#fileSystem.openDirectory(componentsOf(directory)));
  }

  /** A name is made in it, which the next sync makes durable. */
  touch(directory: TargetDirectory): void {
    this.#touch(directory, this.open(directory));
  }

  /** The next sync makes the names durable that stand in it, if no earlier one has: a run that made them may have been killed. */
  keep(directory: TargetDirectory): void {
    if (!directory.isSynced && !this.#touched.has(directory)) this.#touch(directory, this.open(directory));
  }

  /** `already-exists` when there is anything at the new name. */
  renameNoReplace(directory: TargetDirectory, oldName: string, newName: string): void {
    this.touch(directory);
    this.open(directory).renameNoReplace(oldName, newName);
  }

  /** A second name of a file or symlink. */
  link(directory: TargetDirectory, oldName: string, newName: string): void {
    this.touch(directory);
    this.open(directory).link(oldName, newName);
  }

  /** Makes all names of touched directories durable. */
  sync(): void {
    for (const { directory } of syncVolumes([...this.#touched.values()])) this.#synced(directory);
    for (const directory of this.#touched.keys()) {
      this.#handles.attempt(() => this.open(directory).sync());
      this.#synced(directory);
    }
  }

  #claim(components: readonly string[], depth: number): TargetDirectory {
    let directory = this.root;
    for (let at = 0; at < depth; at++) {
      const name = components[at]!;
      let child = directory.directories?.get(name);
      if (child === undefined) {
        if (this.#isFile(directory, name)) {
          throw conflict('not-a-directory', components, 'has a file of this transfer in its path');
        }
        child = {
          parent: directory,
          name,
          directories: undefined,
          files: undefined,
          isNameSynced: false,
          isSynced: false,
          isMade: false,
          wasFound: false,
        };
        directory.directories ??= new Map();
        directory.directories.set(name, child);
      }
      directory = child;
    }
    return directory;
  }

  #isFile({ files }: TargetDirectory, name: string): boolean {
    return files !== undefined && this.#packer.use(files).has(name);
  }

  /** Not by recursion: a path may be two thousand directories deep. */
  #openOrMake(directory: TargetDirectory): Directory {
    const missing: TargetDirectory[] = [];
    let at = directory;
    let handle = this.#openStanding(at);
    if (handle !== undefined && !at.isMade) at.wasFound = true;
    while (handle === undefined) {
      missing.push(at);
      at = at.parent!;
      handle = this.#openStanding(at);
    }
    try {
      // Before those above it, which may not let themselves be read, and so have no volume to give.
      this.#volumes.of(handle);
      this.#touchNames(at);
    } catch (error) {
      handle.close();
      throw error;
    }
    for (const next of missing.reverse()) {
      try {
        this.#touch(next.parent!, handle);
        next.isNameSynced = true;
        next.isMade = handle.makeDirectory(next.name);
      } finally {
        handle.close();
      }
      handle = this.#fileSystem.openDirectory(componentsOf(next));
    }
    return handle;
  }

  /** Undefined: it is missing. */
  #openStanding(directory: TargetDirectory): Directory | undefined {
    try {
      return this.#fileSystem.openDirectory(componentsOf(directory));
    } catch (error) {
      const isMissing = error instanceof JetStreamError && error.code === 'not-found';
      if (!isMissing || directory.parent === undefined) throw error;
      return undefined;
    }
  }

  /** A directory that was there may have been made just now, by a run that was killed before it synced its name. */
  #touchNames(directory: TargetDirectory): void {
    for (let at = directory; at.parent !== undefined && !at.isNameSynced; at = at.parent) {
      const { parent } = at;
      if (!this.#touched.has(parent)) {
        const handle = this.#fileSystem.openDirectory(componentsOf(parent));
        try {
          this.#touch(parent, handle);
        } finally {
          handle.close();
        }
      }
      at.isNameSynced = true;
    }
  }

  #synced(directory: TargetDirectory): void {
    directory.isSynced = true;
    this.#touched.delete(directory);
  }

  /** A name in the directory is about to be made or changed. */
  #touch(directory: TargetDirectory, handle: Directory): void {
    if (this.#touched.has(directory)) return;
    this.#touched.set(directory, { directory, volume: this.#volumes.of(handle) });
  }
}

interface Touched {
  directory: TargetDirectory;
  volume: SharedVolume | undefined;
}

/** From the root. */
export function componentsOf(directory: TargetDirectory, name?: string): string[] {
  const components = name === undefined ? [] : [name];
  for (let at = directory; at.parent !== undefined; at = at.parent) components.push(at.name);
  return components.reverse();
}

function conflict(code: ErrorCode, components: readonly string[], what: string): JetStreamError {
  return new JetStreamError(code, `${displayPath(components)} ${what}; give each a name of its own`, {
    subject: `/${components.join('/')}`,
  });
}
