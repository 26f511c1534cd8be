import type { Directory, FileStatus, OpenFile, Volume } from '../../file-system.ts';
import type { Descriptor, FakeProcess } from './fake-process.ts';
import { type DirectoryNode, statusOf } from './nodes.ts';
import type { Operation } from './operation-log.ts';
import { checkedKey } from './path-walk.ts';
import { systemError } from './system-error.ts';

const UMASK = 0o022;

export class FakeDirectory implements Directory {
  readonly #process: FakeProcess;
  readonly #descriptor: Descriptor;
  readonly #node: DirectoryNode;
  readonly #components: readonly string[];
  #closed = false;

  constructor(
    process: FakeProcess,
    descriptor: Descriptor,
    node: DirectoryNode,
    components: readonly string[],
  ) {
    this.#process = process;
    this.#descriptor = descriptor;
    this.#node = node;
    this.#components = components;
  }

  get device(): number {
    return this.#node.volume.device;
  }

  openVolume(): Volume | undefined {
    return this.#perform('open volume', undefined, () => {
      const { volume } = this.#node;
      if (volume.options.syncable === false || !this.#isReadable) return undefined;
      const descriptor = this.#process.hold(this.#node);
      let toldErrors = volume.errors.sample();
      const sync = () => {
        volume.syncAll();
        const error = volume.errors.check(toldErrors);
        toldErrors = volume.errors.sample();
        if (error !== undefined) throw error;
      };
      return {
        sync: () => this.#process.perform('sync volume', this.#components, sync),
        close: () => this.#process.perform('close volume', this.#components, () => descriptor.close()),
      };
    });
  }

  *names(): Iterator<Uint8Array> {
    const { descriptor, keys } = this.#perform('read names', undefined, () => {
      if (!this.#isReadable) throw systemError('EACCES', 'open');
      return { descriptor: this.#process.hold(this.#node), keys: [...this.#node.names.keys()] };
    });
    try {
      for (const key of keys) {
        if (this.#node.child(key) !== undefined) yield Buffer.from(key, 'latin1');
      }
    } finally {
      if (!this.#process.hasEnded) descriptor.close();
    }
  }

  status(name: string): FileStatus | undefined {
    return this.#perform('status', name, () => {
      const node = this.#node.child(checkedKey(name));
      return node && statusOf(node);
    });
  }

  openFile(name: string, shownAs = name): OpenFile {
    return this.#openFile(name, shownAs, 'read');
  }

  createFile(name: string, shownAs: string): OpenFile {
    return this.#perform('create file', shownAs, () => {
      const key = checkedKey(name);
      this.#process.checkDescriptors();
      const made = this.#node.volume.makeFile(this.#node, key, 0o600, this.#process.owner);
      return this.#process.openRegular(made, [...this.#components, shownAs], 'write');
    });
  }

  reopenFile(name: string, shownAs: string): OpenFile {
    return this.#openFile(name, shownAs, 'write');
  }

  makeDirectory(name: string): boolean {
    return this.#perform('make directory', name, () => {
      const key = checkedKey(name);
      if (this.#node.child(key) !== undefined) return false;
      this.#node.volume.makeDirectory(this.#node, key, 0o777 & ~UMASK, this.#process.owner);
      return true;
    });
  }

  rename(oldName: string, newName: string): void {
    this.#perform('rename', newName, () =>
      this.#node.volume.rename(this.#node, checkedKey(oldName), this.#node, checkedKey(newName)),
    );
  }

  renameNoReplace(oldName: string, newName: string): void {
    this.#perform('rename', newName, () =>
      this.#node.volume.renameNoReplace(this.#node, checkedKey(oldName), checkedKey(newName)),
    );
  }

  link(oldName: string, newName: string): void {
    this.#perform('link', newName, () => {
      const node = this.#node.child(checkedKey(oldName));
      if (node === undefined) throw systemError('ENOENT', 'link');
      if (node.kind === 'directory') throw systemError('EPERM', 'link');
      this.#node.volume.link(node, this.#node, checkedKey(newName));
    });
  }

  remove(name: string): void {
    this.#perform('remove', name, () => this.#node.volume.unlink(this.#node, checkedKey(name)));
  }

  setMode(mode: number): void {
    this.#perform('set attributes', undefined, () => this.#process.setMode(this.#node, mode));
  }

  setOwner(uid: number, gid: number): void {
    this.#perform('set attributes', undefined, () => this.#process.setOwner(this.#node, { uid, gid }));
  }

  setModificationTime(mtimeSeconds: number, mtimeNanoseconds: number): void {
    this.#perform('set attributes', undefined, () =>
      this.#node.volume.setAttributes(this.#node, { mtimeSeconds, mtimeNanoseconds }),
    );
  }

  sync(): void {
    this.#perform('sync directory', undefined, () => {
      if (!this.#isReadable) return;
      const descriptor = this.#process.hold(this.#node);
      this.#node.volume.syncDirectory(this.#node);
      descriptor.close();
    });
  }

  close(): void {
    this.#perform('close directory', undefined, () => {
      this.#closed = true;
      this.#descriptor.close();
    });
  }

  /** By anybody: no process is root. */
  get #isReadable(): boolean {
    return (this.#node.attributes.current.mode & 0o444) !== 0;
  }

  #openFile(name: string, shownAs: string, access: 'read' | 'write'): OpenFile {
    return this.#perform('open file', shownAs, () =>
      this.#process.openRegular(this.#node.child(checkedKey(name)), [...this.#components, shownAs], access),
    );
  }

  #perform<T>(operation: Operation, name: string | undefined, run: () => T): T {
    const components = name === undefined ? this.#components : [...this.#components, name];
    return this.#process.perform(operation, components, () => {
      if (this.#closed) throw systemError('EBADF', operation);
      return run();
    });
  }
}
