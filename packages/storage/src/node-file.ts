import { fchmodSync, fchownSync, fsyncSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import {
  continueWriteBack,
  dropFromPageCache,
  type FileHandle,
  holeSeeker,
  punchHole,
  setModificationTime,
  statusOfDescriptor,
} from '@jetstream/platform';
import { operationFailed } from './errno.ts';
import type { FileStatus, OpenFile } from './file-system.ts';

/** Written at a time where there are no holes. */
const ZEROS_BYTES = 2 ** 20;

export class NodeFile implements OpenFile {
  readonly #fd: number;
  readonly #handle: FileHandle;
  readonly #directory: readonly string[];
  readonly #name: string | undefined;

  /** @param name in `directory`; undefined: the components of `directory` are the file's own */
  constructor(handle: FileHandle, directory: readonly string[], name?: string) {
    this.#fd = handle.fd;
    this.#handle = handle;
    this.#directory = directory;
    this.#name = name;
  }

  status(): FileStatus {
    return this.#attempt('looking at it', () => statusOfDescriptor(this.#fd));
  }

  read(into: Uint8Array, position: number): number {
    return this.#attempt('reading it', () => {
      let done = 0;
      while (done < into.byteLength) {
        const count = readSync(this.#fd, into, done, into.byteLength - done, position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  nextData(position: number): number | undefined {
    return this.#attempt('reading it', () => holeSeeker()?.nextData(this.#fd, position));
  }

  nextHole(position: number): number | undefined {
    return this.#attempt('reading it', () => holeSeeker()?.nextHole(this.#fd, position));
  }

  write(bytes: Uint8Array, position: number): void {
    this.#attempt('writing it', () => {
      for (let done = 0; done < bytes.byteLength; ) {
        done += writeSync(this.#fd, bytes, done, bytes.byteLength - done, position + done);
      }
    });
  }

  setModificationTime(seconds: number, nanoseconds: number): void {
    this.#attempt('setting its time', () => setModificationTime(this.#fd, seconds, nanoseconds));
  }

  setMode(mode: number): void {
    this.#attempt('setting its mode', () => fchmodSync(this.#fd, mode));
  }

  setOwner(uid: number, gid: number): void {
    this.#attempt('setting its owner', () => fchownSync(this.#fd, uid, gid));
  }

  truncate(byteLength: number): void {
    this.#attempt('setting its length', () => ftruncateSync(this.#fd, byteLength));
  }

  punchHole(position: number, byteLength: number): void {
    const end = Math.min(position + byteLength, this.status().size);
    if (end <= position) return;
    if (this.#attempt('writing it', () => punchHole(this.#fd, position, end - position))) return;
    const zeros = new Uint8Array(Math.min(ZEROS_BYTES, end - position));
    for (let at = position; at < end; at += zeros.byteLength) {
      this.write(zeros.subarray(0, end - at), at);
    }
  }

  continueWriteBack(): void {
    this.#attempt('writing it', () => continueWriteBack(this.#fd));
  }

  dropFromCache(position: number, byteLength: number): void {
    dropFromPageCache(this.#fd, position, byteLength);
  }

  sync(): void {
    this.#attempt('making it durable', () => fsyncSync(this.#fd));
  }

  close(): void {
    this.#attempt('closing it', () => this.#handle.close());
  }

  #attempt<T>(doing: string, operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw operationFailed(
        error,
        doing,
        this.#name === undefined ? this.#directory : [...this.#directory, this.#name],
      );
    }
  }
}
