import { JetStreamError } from '@jetstream/protocol';
import { operationFailed } from '../../errno.ts';
import type { Directory, FileStatus, FileSystem, OpenFile } from '../../file-system.ts';
import { FakeDirectory } from './fake-directory.ts';
import { FakeFile } from './fake-file.ts';
import type { FakeMachine } from './fake-machine.ts';
import { type DirectoryNode, type FakeNode, type Owner, statusOf } from './nodes.ts';
import type { Operation } from './operation-log.ts';
import { walk } from './path-walk.ts';
import { systemError } from './system-error.ts';

/** The files of a machine as one process has them, with its descriptors. */
export class FakeProcess implements FileSystem {
  readonly owner: Owner;
  readonly #machine: FakeMachine;
  readonly #root: DirectoryNode;
  readonly #rule: 'beneath' | 'system';
  readonly #maxDescriptors: number;
  readonly #descriptors = new Set<Descriptor>();
  #ended = false;

  constructor(
    machine: FakeMachine,
    root: DirectoryNode,
    rule: 'beneath' | 'system',
    maxDescriptors: number,
    owner: Owner,
  ) {
    this.#machine = machine;
    this.#root = root;
    this.#rule = rule;
    this.#maxDescriptors = maxDescriptors;
    this.owner = owner;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Open now; the root counts for none. */
  get descriptors(): number {
    return this.#descriptors.size;
  }

  status(components: readonly string[]): FileStatus {
    return this.perform('status', components, () => {
      const node = walk(this.#root, components, this.#rule);
      if (node.kind === 'special') throw new JetStreamError('special-file', 'neither file nor directory');
      this.hold(node).close();
      return statusOf(node);
    });
  }

  openDirectory(components: readonly string[]): Directory {
    return this.perform('open directory', components, () => {
      const node = walk(this.#root, components, this.#rule);
      if (node.kind !== 'directory') throw systemError('ENOTDIR', 'open');
      return new FakeDirectory(this, this.hold(node), node, components);
    });
  }

  openFile(components: readonly string[]): OpenFile {
    return this.perform('open file', components, () =>
      this.openRegular(walk(this.#root, components, this.#rule), components, 'read'),
    );
  }

  close(): void {}

  /** Its descriptors are closed. */
  end(): void {
    this.#ended = true;
    for (const descriptor of this.#descriptors) descriptor.close();
  }

  /** Does an operation, unless it is to fail. @param components for messages, log and faults */
  perform<T>(operation: Operation, components: readonly string[], run: () => T): T {
    try {
      this.#machine.begin(this, operation, `/${components.join('/')}`);
      return run();
    } catch (error) {
      throw operationFailed(error, operation, components);
    }
  }

  /** As chmod(2). */
  setMode(node: FakeNode, mode: number): void {
    if (!this.#isRoot && node.attributes.current.uid !== this.owner.uid) throw systemError('EPERM', 'chmod');
    node.volume.setAttributes(node, { mode });
  }

  /** As chown(2); who is not root is in one group. */
  setOwner(node: FakeNode, owner: Owner): void {
    const { uid, gid, mode } = node.attributes.current;
    const isOwn = uid === this.owner.uid && owner.uid === uid;
    const isOwnGroup = owner.gid === gid || owner.gid === this.owner.gid;
    if (!this.#isRoot && !(isOwn && isOwnGroup)) throw systemError('EPERM', 'chown');
    node.volume.setAttributes(node, { ...owner, mode: node.kind === 'file' ? mode & 0o1777 : mode });
  }

  get #isRoot(): boolean {
    return this.owner.uid === 0;
  }

  hold(node: FakeNode): Descriptor {
    this.checkDescriptors();
    node.opens++;
    const descriptor = {
      close: () => {
        if (!this.#descriptors.delete(descriptor)) throw systemError('EBADF', 'close');
        node.opens--;
        node.volume.released(node);
      },
    };
    this.#descriptors.add(descriptor);
    return descriptor;
  }

  /** @throws the system error when not one more can be opened */
  checkDescriptors(): void {
    if (this.#descriptors.size >= this.#maxDescriptors) throw systemError('EMFILE', 'open');
  }

  /** @param node undefined: there is nothing */
  openRegular(node: FakeNode | undefined, components: readonly string[], access: 'read' | 'write'): FakeFile {
    if (node === undefined) throw systemError('ENOENT', 'open');
    if (node.kind === 'symlink') throw systemError('ELOOP', 'open');
    if (node.kind === 'special') throw systemError('ENXIO', 'open');
    if (node.kind === 'directory') throw systemError('EISDIR', 'open');
    if (access === 'write' && node.volume.options.readOnly) throw systemError('EROFS', 'open');
    // By anybody: that is enough for tests.
    const permitted = access === 'write' ? 0o222 : 0o444;
    if (!this.#isRoot && (node.attributes.current.mode & permitted) === 0)
      throw systemError('EACCES', 'open');
    node.path = `/${components.join('/')}`;
    return new FakeFile(this, this.hold(node), node, components, access);
  }
}

export interface Descriptor {
  /** @throws the system error when it is closed already */
  close(): void;
}
