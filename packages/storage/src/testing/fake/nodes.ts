import type { FileStatus } from '../../file-system.ts';
import { ErrorSequence } from './error-sequence.ts';
import type { FakeVolume } from './fake-volume.ts';
import { Cell } from './journal.ts';
import { PagedContent } from './paged-content.ts';

export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
}

/** To whom a file belongs, or as whom a process works; uid 0 is root. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What a name may stand for: an inode. */
export type FakeNode = FileNode | DirectoryNode | SymlinkNode | SpecialNode;

abstract class Inode {
  readonly volume: FakeVolume;
  readonly inode: number;
  readonly attributes: Cell<Attributes>;
  /** Last one by which a program opened it, for messages and faults. */
  path = '';
  /** Names that stand for it. */
  links = 0;
  /** Descriptors that hold it. */
  opens = 0;

  constructor(volume: FakeVolume, inode: number, attributes: Attributes) {
    this.volume = volume;
    this.inode = inode;
    this.attributes = new Cell(attributes);
  }
}

export class FileNode extends Inode {
  readonly kind = 'file';
  readonly content = new PagedContent();
  readonly errors = new ErrorSequence();
}

export class DirectoryNode extends Inode {
  readonly kind = 'directory';
  /** By name as `nameKey` gives it. */
  readonly names = new Map<string, Cell<FakeNode | undefined>>();
  /** Root of the volume that is mounted here. */
  mounted: DirectoryNode | undefined;
  /** It was removed: nothing can be made in it. */
  removed = false;

  child(key: string): FakeNode | undefined {
    const node = this.names.get(key)?.current;
    return node instanceof DirectoryNode ? (node.mounted ?? node) : node;
  }
}

export class SymlinkNode extends Inode {
  readonly kind = 'symlink';
  readonly target: string;

  constructor(volume: FakeVolume, inode: number, attributes: Attributes, target: string) {
    super(volume, inode, attributes);
    this.target = target;
  }
}

/** A FIFO, say. */
export class SpecialNode extends Inode {
  readonly kind = 'special';
}

export function statusOf(node: FakeNode): FileStatus {
  const { kind, inode, links } = node;
  const { device } = node.volume;
  return { kind, size: sizeOf(node), ...node.attributes.current, device, inode, links };
}

function sizeOf(node: FakeNode): number {
  if (node.kind === 'file') return node.content.length;
  if (node.kind === 'symlink') return Buffer.byteLength(node.target);
  return node.kind === 'directory' ? 4096 : 0;
}

/** Bytes of a name as text, one character each. */
export function nameKey(name: string | Uint8Array): string {
  return Buffer.from(name as string).toString('latin1');
}
