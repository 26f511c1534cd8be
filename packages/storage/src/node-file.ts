import { closeSync, fchmodSync, fsyncSync, readSync, writeSync } from 'node:fs';
import {
  continueWriteBack,
  dropFromPageCache,
  setModificationTime,
  statusOfDescriptor,
} from '@jetstream/platform';
import { operationFailed } from './errno.ts';
import type { FileStatus, OpenFile } from './file-system.ts';

export class NodeFile implements OpenFile {
  readonly #fd: number;
  readonly #directory: readonly string[];
  readonly #name: string | undefined;

  /** @param name in `directory`; undefined: the components of `directory` are the file's own */
  constructor(fd: number, directory: readonly string[], name?: string) {
    this.#fd = fd;
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
    this.#attempt('closing it', () => closeSync(this.#fd));
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
