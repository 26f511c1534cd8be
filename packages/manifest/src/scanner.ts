import { isUtf8 } from 'node:buffer';
import { JetStreamError, MAX_MESSAGE_BYTES } from '@jetstream/protocol';
import { escapeName, escapeNameBytes } from './escape-name.ts';
import type { FileMapping } from './file-mapping.ts';
import { type ManifestEntry, manifestEntry, type Permissions } from './manifest-entry.ts';
import { checkPathLength, splitPath } from './path-components.ts';
import type { FileStatus, ScanDirectory, ScanFileSystem } from './scan-file-system.ts';
import { type ScanProblem, scanProblem } from './scan-problem.ts';
import { displayPath, type SourcePath, sourceComponents } from './source-path.ts';

export interface ScannerOptions {
  fileSystem: ScanFileSystem;
  /** Sources are paths beneath the file system's root. */
  mappings: readonly FileMapping[];
  /** What to do with symlinks found in directories; a source that is itself one is always followed. */
  symlinks: 'follow' | 'ignore';
  /** Gives entries their permissions; default: they have none. */
  permissions?: ((status: FileStatus) => Permissions) | undefined;
}

/** A file or directory found, with what its reader needs. */
export interface Found {
  readonly entry: ManifestEntry;
  readonly status: FileStatus;
  readonly directory: SourcePath;
  /** In `directory`; empty for a root directory. */
  readonly name: string;
  /** The name may be a symlink. */
  readonly followed: boolean;
}

export interface ScanBatch {
  found: Found[];
  problems: ScanProblem[];
  done: boolean;
}

/**
 * Walks the sources of a transfer: all names in a directory in the file system's order, then what is in its directories. So a
 * directory comes before what is in it. One directory is open at a time and its names are read a few at a time, so memory is
 * bounded by the number of directories not yet visited.
 */
export class Scanner {
  readonly #options: ScannerOptions;
  readonly #pending: PendingDirectory[] = [];
  #nextMapping = 0;
  #current: OpenDirectory | undefined;

  constructor(options: ScannerOptions) {
    this.#options = options;
  }

  /**
   * Goes on with the scan. A batch may be empty without being the last.
   * @param maxNames names looked at, at most
   * @param maxBytes of the batch's entries on the wire, about; default half a message
   */
  nextBatch(maxNames: number, maxBytes: number = MAX_MESSAGE_BYTES / 2): ScanBatch {
    const batch: ScanBatch = { found: [], problems: [], done: false };
    let bytes = 0;
    for (let names = 0; names < maxNames && bytes < maxBytes; names++) {
      const before = batch.found.length;
      if (!this.#step(batch)) {
        batch.done = true;
        break;
      }
      if (batch.found.length > before) bytes += wireBytes(batch.found[before]!.entry);
    }
    return batch;
  }

  /** Ends a scan early. */
  close(): void {
    this.#current?.names.return?.();
    this.#current?.handle.close();
    this.#current = undefined;
  }

  /** One name, one directory or one mapping. False: nothing is left. */
  #step(batch: ScanBatch): boolean {
    const { mappings } = this.#options;
    if (this.#current !== undefined) this.#visitNextName(this.#current, batch);
    else if (this.#pending.length > 0) this.#enter(this.#pending.pop()!, batch);
    else if (this.#nextMapping < mappings.length) this.#visitMapping(mappings[this.#nextMapping++]!, batch);
    else return false;
    return true;
  }

  #visitMapping({ source, target, kind }: FileMapping, batch: ScanBatch): void {
    try {
      const components = splitPath(source);
      splitPath(target);
      const status = this.#options.fileSystem.status(components);
      if (kind !== undefined && kind !== status.kind) throw notOfKind(kind);
      const directory = { parent: undefined, components: components.slice(0, -1), targetPath: undefined };
      this.#take(directory, components.at(-1) ?? '', status, true, target, batch);
    } catch (error) {
      batch.problems.push(scanProblem(escapeName(source), error));
    }
  }

  #enter({ parent, name, targetPath, device, inode }: PendingDirectory, batch: ScanBatch): void {
    const directory: SourceDirectory = {
      parent,
      components: name === '' ? [] : [name],
      targetPath: targetPath ?? `${parent.targetPath}/${name}`,
      device,
      inode,
    };
    const components = sourceComponents(directory);
    try {
      const handle = this.#options.fileSystem.openDirectory(components);
      this.#current = { directory, handle, names: handle.names() };
    } catch (error) {
      batch.problems.push(scanProblem(displayPath(components), error));
    }
  }

  #visitNextName({ directory, handle, names }: OpenDirectory, batch: ScanBatch): void {
    let name: Uint8Array;
    try {
      const next = names.next();
      if (next.done) {
        this.close();
        return;
      }
      name = next.value;
    } catch (error) {
      this.close();
      batch.problems.push(scanProblem(displayPath(sourceComponents(directory)), error));
      return;
    }
    try {
      this.#visitName(directory, handle, name, batch);
    } catch (error) {
      const parent = displayPath(sourceComponents(directory)).replace(/\/$/, '');
      const shown = isUtf8(name) ? escapeName(decode(name)) : escapeNameBytes(name);
      batch.problems.push(scanProblem(`${parent}/${shown}`, error));
    }
  }

  #visitName(directory: SourceDirectory, handle: ScanDirectory, bytes: Uint8Array, batch: ScanBatch): void {
    if (!isUtf8(bytes)) throw new JetStreamError('name-invalid', 'the name is not valid UTF-8; rename it');
    const name = decode(bytes);
    let status = handle.status(name);
    if (status === undefined) return;
    const followed = status.kind === 'symlink';
    if (followed) {
      if (this.#options.symlinks === 'ignore') return;
      status = this.#options.fileSystem.status(sourceComponents(directory, name));
      if (status.kind === 'directory') checkLoop(directory, status);
    }
    this.#take(directory, name, status, followed, `${directory.targetPath}/${name}`, batch);
  }

  #take(
    directory: SourcePath,
    name: string,
    status: FileStatus,
    followed: boolean,
    targetPath: string,
    batch: ScanBatch,
  ): void {
    checkPathLength(targetPath);
    if (status.kind !== 'file' && status.kind !== 'directory') {
      throw new JetStreamError('special-file', 'a device, FIFO or socket is never read');
    }
    if (status.kind === 'directory') {
      const path = targetPath.replace(/\/+$/, '');
      // The receiver's root is there already and has no name.
      const isRoot = splitPath(path).length === 0;
      const { device, inode } = status;
      const ownPath = directory.targetPath === undefined ? path : undefined;
      this.#pending.push({ parent: directory, name, targetPath: ownPath, device, inode });
      if (isRoot) return;
    }
    const entry = manifestEntry(status, targetPath, this.#options.permissions);
    batch.found.push({ entry, status, directory, name, followed });
  }
}

/** Not visited yet. As little as will do: there may be a million of them. */
interface PendingDirectory {
  parent: SourcePath;
  /** Empty: the parent itself. */
  name: string;
  /** Where the parent does not give it. */
  targetPath: string | undefined;
  device: number;
  inode: number;
}

interface SourceDirectory extends SourcePath {
  readonly targetPath: string;
  readonly device: number;
  readonly inode: number;
}

interface OpenDirectory {
  directory: SourceDirectory;
  handle: ScanDirectory;
  names: Iterator<Uint8Array>;
}

function notOfKind(kind: 'file' | 'directory'): JetStreamError {
  return new JetStreamError(kind === 'file' ? 'is-a-directory' : 'not-a-directory', `it has to be a ${kind}`);
}

/** A link may lead into a directory that we are in: that would have no end. */
function checkLoop(directory: SourceDirectory, status: FileStatus): void {
  for (let at: SourcePath | undefined = directory; at !== undefined; at = at.parent) {
    const { device, inode } = at as Partial<SourceDirectory>;
    if (device !== status.device || inode !== status.inode) continue;
    throw new JetStreamError(
      'path-refused',
      'the symlink leads back into a directory above it; remove it or ignore symlinks',
    );
  }
}

/** Fields of fixed size take at most 50 bytes in protobuf, and those of permissions 25. */
function wireBytes({ targetPath, permissions }: ManifestEntry): number {
  const names = permissions && Buffer.byteLength(permissions.user) + Buffer.byteLength(permissions.group);
  return Buffer.byteLength(targetPath) + 50 + (names === undefined ? 0 : names + 25);
}

function decode(name: Uint8Array): string {
  const bytes = Buffer.isBuffer(name) ? name : Buffer.from(name.buffer, name.byteOffset, name.byteLength);
  return bytes.toString();
}
