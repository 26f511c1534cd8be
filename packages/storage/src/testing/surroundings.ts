import type { FileStatus, FileSystem } from '../file-system.ts';

/**
 * Files with programs working on them, and what somebody else does to these files meanwhile, and sees of them: on this machine or on a fake one.
 * Paths begin with `/`, which is an empty directory when a test begins.
 */
export interface Surroundings {
  /** The files as a program gets them that is held beneath a directory, which is made where it is missing; default `/`. */
  open(sandboxRoot?: string): FileSystem;
  /** As a program gets them that is held to nothing. */
  openUnheld(): FileSystem;
  /** By which `openUnheld` reaches a path. */
  components(path: string): string[];
  /** What stands there is overwritten; mode 0644. */
  write(path: string, content: string | Uint8Array): void;
  read(path: string): Buffer;
  append(path: string, content: string): void;
  truncate(path: string, byteLength: number): void;
  /** And those above it, where they are missing. */
  makeDirectory(path: string): void;
  makeSymlink(target: string, path: string): void;
  makeFifo(path: string): void;
  /** A second name of the same file. */
  link(path: string, newPath: string): void;
  rename(path: string, newPath: string): void;
  /** With all beneath it. */
  remove(path: string): void;
  setMode(path: string, mode: number): void;
  setTime(path: string, seconds: number, nanoseconds?: number): void;
  /** Of the name itself; undefined when there is nothing. */
  status(path: string): FileStatus | undefined;
  /** Of everything beneath a directory, sorted. */
  names(path?: string): string[];
}
