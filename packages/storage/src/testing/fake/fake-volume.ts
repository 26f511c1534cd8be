import { ErrorSequence } from './error-sequence.ts';
import type { FakeMachine } from './fake-machine.ts';
import { allLost, type Fate, randomFate } from './fate.ts';
import { Cell, change, Journal, type MetadataOrder } from './journal.ts';
import {
  type Attributes,
  DirectoryNode,
  type FakeNode,
  FileNode,
  type Owner,
  SpecialNode,
  SymlinkNode,
} from './nodes.ts';
import { PAGE_TIME_US } from './operation-log.ts';
import { Room, type RoomOptions } from './room.ts';
import { systemError } from './system-error.ts';

export interface VolumeOptions extends RoomOptions {
  /** Default `journal`. */
  order?: MetadataOrder;
  readOnly?: boolean;
  /** In steps of so many nanoseconds it holds times that are set; the rest is cut off. Default 1. */
  timeStepNs?: number;
  /** Whether it can be synced as a whole; default true. */
  syncable?: boolean;
  /** Whether programs can find the holes of files; default true. */
  tellsHoles?: boolean;
}

/** Who made what was made by no process. */
export const SOMEBODY: Owner = { uid: 1000, gid: 1000 };

/** A file system on a disk of its own: inodes, what of them is durable, and room. */
export class FakeVolume {
  readonly device: number;
  readonly root: DirectoryNode;
  readonly errors = new ErrorSequence();
  /** May be changed at any time. */
  readonly options: VolumeOptions;
  readonly #machine: FakeMachine;
  readonly #journal: Journal;
  readonly #dirtyFiles = new Set<FileNode>();
  readonly #room: Room;
  #nextInode = 2;

  constructor(machine: FakeMachine, device: number, options: VolumeOptions) {
    this.#machine = machine;
    this.device = device;
    this.options = options;
    this.#room = new Room(options);
    this.#journal = new Journal(options.order ?? 'journal');
    this.root = new DirectoryNode(this, this.#nextInode++, this.#attributes(0o755));
    this.root.links = 1;
  }

  makeFile(directory: DirectoryNode, key: string, mode: number, owner?: Owner): FileNode {
    const file = new FileNode(this, this.#nextInode++, this.#attributes(mode, owner));
    this.link(file, directory, key);
    return file;
  }

  makeDirectory(directory: DirectoryNode, key: string, mode: number, owner?: Owner): DirectoryNode {
    const made = new DirectoryNode(this, this.#nextInode++, this.#attributes(mode, owner));
    this.link(made, directory, key);
    return made;
  }

  makeSymlink(directory: DirectoryNode, key: string, target: string): void {
    this.link(new SymlinkNode(this, this.#nextInode++, this.#attributes(0o777), target), directory, key);
  }

  makeSpecial(directory: DirectoryNode, key: string): void {
    this.link(new SpecialNode(this, this.#nextInode++, this.#attributes(0o644)), directory, key);
  }

  link(node: FakeNode, directory: DirectoryNode, key: string): void {
    this.#writable();
    if (directory.removed) throw systemError('ENOENT', 'link');
    if (directory.child(key) !== undefined) throw systemError('EEXIST', 'link');
    this.#name(directory, [[directory, key, node]], change(node.attributes, node.attributes.current));
  }

  renameNoReplace(directory: DirectoryNode, oldKey: string, newKey: string): void {
    if (directory.child(newKey) !== undefined) throw systemError('EEXIST', 'rename');
    this.rename(directory, oldKey, directory, newKey);
  }

  rename(from: DirectoryNode, oldKey: string, to: DirectoryNode, newKey: string): void {
    this.#writable();
    const node = from.child(oldKey);
    if (node === undefined || to.removed) throw systemError('ENOENT', 'rename');
    const standing = to.child(newKey);
    if (standing === node) return;
    if (node.volume !== this || to.volume !== this) throw systemError('EXDEV', 'rename');
    if (standing?.kind === 'directory') {
      if (node.kind !== 'directory') throw systemError('EISDIR', 'rename');
      refuseUnlessEmpty(standing);
    } else if (standing !== undefined && node.kind === 'directory') throw systemError('ENOTDIR', 'rename');
    this.#name(to, [
      [to, newKey, node],
      [from, oldKey, undefined],
    ]);
  }

  unlink(directory: DirectoryNode, key: string): void {
    this.#writable();
    const node = directory.child(key);
    if (node === undefined) throw systemError('ENOENT', 'unlink');
    if (node.kind === 'directory') throw systemError('EISDIR', 'unlink');
    this.#name(directory, [[directory, key, undefined]]);
  }

  removeDirectory(directory: DirectoryNode, key: string): void {
    this.#writable();
    const node = directory.child(key);
    if (node?.kind !== 'directory') throw systemError(node === undefined ? 'ENOENT' : 'ENOTDIR', 'rmdir');
    refuseUnlessEmpty(node);
    node.removed = true;
    this.#name(directory, [[directory, key, undefined]]);
  }

  setAttributes(node: FakeNode, attributes: Partial<Attributes>): void {
    this.#writable();
    const changed = { ...node.attributes.current, ...attributes };
    this.#journal.add([change(node.attributes, { ...changed, ...this.#heldTime(changed) })]);
  }

  /** Writes what there is room for. @throws the system error when that was not all */
  write(file: FileNode, bytes: Uint8Array, position: number): void {
    this.#writable();
    const fitting = file.content.bytesWithin(this.#room.freePages, position, bytes.byteLength);
    this.#changeContent(file, () => file.content.write(bytes.subarray(0, fitting), position));
    if (fitting < bytes.byteLength) throw systemError(this.#room.refusal, 'write');
  }

  truncate(file: FileNode, length: number): void {
    this.#writable();
    this.#changeContent(file, () => file.content.truncate(length));
  }

  punchHole(file: FileNode, position: number, byteLength: number): void {
    this.#writable();
    this.#changeContent(file, () => file.content.punchHole(position, byteLength));
  }

  /**
   * Brings what was written to the disk. What fails is lost, and yet counts as clean afterwards; who holds the file, or the volume, is
   * told when it syncs.
   */
  writeBack(file: FileNode): void {
    const { content } = file;
    if (!content.isDirty) return;
    const lackOfRoom = this.#room.hasOnDisk(content) ? undefined : 'ENOSPC';
    const errno = this.#machine.faults.meet('write-back', file.path) ?? lackOfRoom;
    this.#machine.log.busy(content.dirtyPages * PAGE_TIME_US);
    this.#room.recount(content, () => {
      if (errno === undefined) content.writeBack();
      else content.loseInWriteBack(allLost);
    });
    this.#dirtyFiles.delete(file);
    if (errno === undefined) return;
    this.#machine.log.note(`lost in write-back (${errno}) ${file.path}`);
    const error = systemError(errno, 'write');
    // Of a file that nobody has open the kernel may forget it with the inode; the volume remembers.
    if (file.opens > 0) file.errors.record(error);
    this.errors.record(error);
  }

  /** As fsync(2). Losses are told by `errors`. */
  syncFile(file: FileNode): void {
    this.writeBack(file);
    this.#journal.sync(new Set([file.attributes as Cell<unknown>]));
  }

  syncDirectory(directory: DirectoryNode): void {
    const cells = [directory.attributes, ...directory.names.values()] as Cell<unknown>[];
    this.#journal.sync(new Set(cells));
  }

  /** As syncfs(2). Losses are told by `errors`. */
  syncAll(): void {
    for (const file of this.#dirtyFiles) this.writeBack(file);
    this.#journal.syncAll();
  }

  /** Somebody has it no longer open, or a name less. */
  released(node: FakeNode): void {
    if (node.opens > 0 || node.kind !== 'file') return;
    // The kernel may have put it out of memory by the time that it is opened again.
    node.errors.forget();
    if (node.links > 0) return;
    this.#room.release(node.content);
    this.#dirtyFiles.delete(node);
  }

  /** The power is gone: what is found on the disk when the machine has started again. */
  crash(names: Fate, random: (() => number) | undefined): void {
    this.#journal.crash(names);
    this.#dirtyFiles.clear();
    this.#room.empty();
    const found = new Set<FakeNode>([this.root]);
    for (const node of found) {
      node.opens = 0;
      node.links = 0;
      if (node.kind === 'file') {
        node.content.crash(random === undefined ? names : randomFate(random));
        node.errors.forget();
        this.#room.take(node.content);
      }
      if (node.kind !== 'directory') continue;
      node.removed = false;
      for (const { current } of node.names.values()) if (current !== undefined) found.add(current);
    }
    this.root.links = 1;
    for (const node of found) {
      if (node.kind !== 'directory') continue;
      for (const { current } of node.names.values()) if (current !== undefined) current.links++;
    }
  }

  #changeContent(file: FileNode, run: () => void): void {
    this.#room.recount(file.content, run);
    this.#dirtyFiles.add(file);
    this.setAttributes(file, this.#machine.now());
  }

  /** All of it is one change for the journal. */
  #name(
    directory: DirectoryNode,
    names: readonly (readonly [DirectoryNode, string, FakeNode | undefined])[],
    ...others: ReturnType<typeof change>[]
  ): void {
    const replaced: (FakeNode | undefined)[] = [];
    const changes = names.map(([within, key, node]) => {
      let cell = within.names.get(key);
      if (cell === undefined) {
        cell = new Cell<FakeNode | undefined>(undefined);
        within.names.set(key, cell);
      }
      replaced.push(cell.current);
      if (node !== undefined) node.links++;
      return change(cell, node);
    });
    const touched = { ...directory.attributes.current, ...this.#machine.now() };
    this.#journal.add([...changes, change(directory.attributes, touched), ...others]);
    for (const node of replaced) {
      if (node === undefined) continue;
      node.links--;
      this.released(node);
    }
  }

  #attributes(mode: number, { uid, gid }: Owner = SOMEBODY): Attributes {
    return { mode, uid, gid, ...this.#machine.now() };
  }

  #heldTime({ mtimeSeconds, mtimeNanoseconds }: Attributes): Partial<Attributes> {
    const { timeStepNs = 1 } = this.options;
    if (timeStepNs === 1) return {};
    const step = BigInt(timeStepNs);
    const ns = BigInt(mtimeSeconds) * 1_000_000_000n + BigInt(mtimeNanoseconds);
    const lost = ((ns % step) + step) % step;
    const [held, second] = [ns - lost, 1_000_000_000n];
    const rest = ((held % second) + second) % second;
    return { mtimeSeconds: Number((held - rest) / second), mtimeNanoseconds: Number(rest) };
  }

  #writable(): void {
    if (this.options.readOnly) throw systemError('EROFS', 'write');
  }
}

function refuseUnlessEmpty(directory: DirectoryNode): void {
  for (const { current } of directory.names.values()) {
    if (current !== undefined) throw systemError('ENOTEMPTY', 'rmdir');
  }
}
