import type { FileStatus, OpenFile } from '../../file-system.ts';
import type { Descriptor, FakeProcess } from './fake-process.ts';
import { type FileNode, statusOf } from './nodes.ts';
import type { Operation } from './operation-log.ts';
import type { PagedContent } from './paged-content.ts';
import { systemError } from './system-error.ts';

export class FakeFile implements OpenFile {
  readonly #process: FakeProcess;
  readonly #descriptor: Descriptor;
  readonly #node: FileNode;
  readonly #components: readonly string[];
  readonly #access: 'read' | 'write';
  /** Write-back errors that it was told. */
  #toldErrors: number;
  #closed = false;

  constructor(
    process: FakeProcess,
    descriptor: Descriptor,
    node: FileNode,
    components: readonly string[],
    access: 'read' | 'write',
  ) {
    this.#process = process;
    this.#descriptor = descriptor;
    this.#node = node;
    this.#components = components;
    this.#access = access;
    this.#toldErrors = node.errors.sample();
  }

  status(): FileStatus {
    return this.#perform('status', () => statusOf(this.#node));
  }

  read(into: Uint8Array, position: number): number {
    return this.#perform('read', () => {
      if (this.#access === 'write') throw systemError('EBADF', 'read');
      return this.#node.content.read(into, position);
    });
  }

  nextData(position: number): number | undefined {
    return this.#seek((content) => content.nextData(position));
  }

  nextHole(position: number): number | undefined {
    return this.#seek((content) => content.nextHole(position));
  }

  write(bytes: Uint8Array, position: number): void {
    this.#perform('write', () => {
      if (this.#access === 'read') throw systemError('EBADF', 'write');
      this.#node.volume.write(this.#node, bytes, position);
    });
  }

  setModificationTime(mtimeSeconds: number, mtimeNanoseconds: number): void {
    this.#perform('set attributes', () =>
      this.#node.volume.setAttributes(this.#node, { mtimeSeconds, mtimeNanoseconds }),
    );
  }

  setMode(mode: number): void {
    this.#perform('set attributes', () => this.#process.setMode(this.#node, mode));
  }

  setOwner(uid: number, gid: number): void {
    this.#perform('set attributes', () => this.#process.setOwner(this.#node, { uid, gid }));
  }

  truncate(byteLength: number): void {
    this.#perform('truncate', () => {
      if (this.#access === 'read') throw systemError('EINVAL', 'ftruncate');
      this.#node.volume.truncate(this.#node, byteLength);
    });
  }

  punchHole(position: number, byteLength: number): void {
    this.#perform('punch hole', () => {
      if (this.#access === 'read') throw systemError('EBADF', 'fallocate');
      this.#node.volume.punchHole(this.#node, position, byteLength);
    });
  }

  continueWriteBack(): void {
    this.#perform('start write-back', () => {
      this.#tellErrors();
      this.#node.volume.writeBack(this.#node);
    });
  }

  dropFromCache(position: number, byteLength: number): void {
    this.#perform('drop from cache', () => this.#node.content.dropFromCache(position, byteLength));
  }

  sync(): void {
    this.#perform('sync file', () => {
      this.#node.volume.syncFile(this.#node);
      this.#tellErrors();
    });
  }

  /** It is closed also when that fails. */
  close(): void {
    try {
      this.#perform('close file', () => {});
    } finally {
      if (!this.#closed && !this.#process.hasEnded) this.#descriptor.close();
      this.#closed = true;
    }
  }

  #seek(find: (content: PagedContent) => number): number | undefined {
    return this.#perform('seek', () =>
      this.#node.volume.options.tellsHoles === false ? undefined : find(this.#node.content),
    );
  }

  #tellErrors(): void {
    const error = this.#node.errors.check(this.#toldErrors);
    this.#toldErrors = this.#node.errors.sample();
    if (error !== undefined) throw error;
  }

  #perform<T>(operation: Operation, run: () => T): T {
    return this.#process.perform(operation, this.#components, () => {
      if (this.#closed) throw systemError('EBADF', operation);
      return run();
    });
  }
}
