import { placeInSandbox, type SandboxMount, type SandboxRule } from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';
import type {
  FileStatus,
  MachineDirectory,
  ManagedDirectory,
  ManagedFileSystem,
  OpenFile,
} from './file-system.ts';
import { openStorage } from './node-file-system.ts';

/**
 * Opens what a sandbox rule lets somebody see, as one tree.
 * @throws JetStreamError when the only directory of the rule cannot be opened or made; of several, each is opened when it is first used
 */
export function openSandbox(rule: SandboxRule): ManagedFileSystem {
  const [first] = rule.mounts;
  if (rule.mounts.length === 1 && first!.name === '') return openMount(first!);
  return new SandboxFileSystem(rule);
}

function openMount({ root, fixedComponents }: SandboxMount): ManagedFileSystem {
  return openStorage({
    sandboxRoot: root,
    fixedComponents: root === undefined ? undefined : fixedComponents,
  });
}

/** Several directories of the machine as the folders of one root. */
class SandboxFileSystem implements ManagedFileSystem {
  readonly #rule: SandboxRule;
  readonly #folders: readonly string[];
  readonly #open = new Map<SandboxMount, ManagedFileSystem>();

  constructor(rule: SandboxRule) {
    this.#rule = rule;
    this.#folders = rule.mounts.map(({ name }) => name).filter((name) => name !== '');
  }

  status(components: readonly string[]): FileStatus {
    return this.#at(
      components,
      (fileSystem, beneath) => fileSystem.status(beneath),
      () => ROOT_STATUS,
    );
  }

  openDirectory(components: readonly string[]): ManagedDirectory {
    const directory = this.#at(
      components,
      (fileSystem, beneath) => fileSystem.openDirectory(beneath),
      () => undefined,
    );
    if (components.length > 0) return directory!;
    return new SandboxRoot(directory, this.#folders, (name) => this.status([name]));
  }

  openFile(components: readonly string[]): OpenFile {
    return this.#at(
      components,
      (fileSystem, beneath) => fileSystem.openFile(beneath),
      () => {
        throw new JetStreamError('is-a-directory', '/: is a directory', { subject: '/' });
      },
    );
  }

  close(): void {
    for (const fileSystem of this.#open.values()) fileSystem.close();
    this.#open.clear();
  }

  #at<T>(
    components: readonly string[],
    use: (fileSystem: ManagedFileSystem, beneath: readonly string[]) => T,
    atRoot: () => T,
  ): T {
    const place = placeInSandbox(this.#rule, components);
    if (place === undefined) return atRoot();
    let fileSystem = this.#open.get(place.mount);
    if (fileSystem === undefined) {
      fileSystem = openMount(place.mount);
      this.#open.set(place.mount, fileSystem);
    }
    return use(fileSystem, place.components);
  }
}

const ROOT_STATUS: FileStatus = {
  kind: 'directory',
  size: 0,
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
  mode: 0o555,
  uid: 0,
  gid: 0,
  // Of no real directory.
  device: -1,
  inode: -1,
  links: 1,
};

/** The top of what a user with folders sees: the folders, and whatever is in the directory behind them, if there is one. */
class SandboxRoot implements ManagedDirectory {
  readonly #behind: ManagedDirectory | undefined;
  readonly #folders: readonly string[];
  readonly #folderStatus: (name: string) => FileStatus;

  constructor(
    behind: ManagedDirectory | undefined,
    folders: readonly string[],
    folderStatus: (name: string) => FileStatus,
  ) {
    this.#behind = behind;
    this.#folders = folders;
    this.#folderStatus = folderStatus;
  }

  get device(): number {
    return this.#behind?.device ?? ROOT_STATUS.device;
  }

  *names(): Iterator<Uint8Array> {
    for (const folder of this.#folders) yield Buffer.from(folder);
    const behind = this.#behind?.names();
    try {
      for (let next = behind?.next(); next !== undefined && !next.done; next = behind!.next()) {
        if (!this.#folders.includes(Buffer.from(next.value).toString())) yield next.value;
      }
    } finally {
      behind?.return?.();
    }
  }

  status(name: string): FileStatus | undefined {
    return this.#folders.includes(name) ? this.#folderStatus(name) : this.#behind?.status(name);
  }

  openVolume() {
    return this.#behind?.openVolume();
  }

  openFile(name: string, shownAs?: string): OpenFile {
    return this.#for(name).openFile(name, shownAs);
  }

  createFile(name: string, shownAs: string): OpenFile {
    return this.#for(name).createFile(name, shownAs);
  }

  reopenFile(name: string, shownAs: string): OpenFile {
    return this.#for(name).reopenFile(name, shownAs);
  }

  makeDirectory(name: string): boolean {
    return this.#folders.includes(name) ? false : this.#for(name).makeDirectory(name);
  }

  rename(oldName: string, newName: string): void {
    this.#for(oldName, newName).rename(oldName, newName);
  }

  renameNoReplace(oldName: string, newName: string): void {
    this.#for(oldName, newName).renameNoReplace(oldName, newName);
  }

  link(oldName: string, newName: string): void {
    this.#for(oldName, newName).link(oldName, newName);
  }

  remove(name: string): void {
    this.#for(name).remove(name);
  }

  holderOf(name: string): MachineDirectory {
    return this.#for(name).holderOf(name);
  }

  setMode(mode: number): void {
    this.#behind?.setMode(mode);
  }

  setOwner(uid: number, gid: number): void {
    this.#behind?.setOwner(uid, gid);
  }

  setModificationTime(seconds: number, nanoseconds: number): void {
    this.#behind?.setModificationTime(seconds, nanoseconds);
  }

  sync(): void {
    this.#behind?.sync();
  }

  close(): void {
    this.#behind?.close();
  }

  /** The directory that has names which are not those of folders. */
  #for(...names: string[]): ManagedDirectory {
    const folder = names.find((name) => this.#folders.includes(name));
    if (this.#behind !== undefined && folder === undefined) return this.#behind;
    const subject = `/${folder ?? names.at(-1)}`;
    throw new JetStreamError(
      folder === undefined ? 'permission-denied' : 'is-a-directory',
      folder === undefined
        ? 'nothing but the folders of the sandbox can be at its top; choose one of them'
        : 'a folder of the sandbox stands there; choose another name',
      { subject },
    );
  }
}
