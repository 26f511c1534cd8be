import { isUtf8 } from 'node:buffer';
import { escapeNameBytes, isPartialName } from '@jetstream/manifest';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { asFileFailure } from '../errno.ts';
import type { FileStatus, ManagedDirectory, ManagedFileSystem } from '../file-system.ts';

/** A name in a directory, for people and programs that look at it. */
export interface Entry {
  /** As the file system has it; escaped, and of no use as a path, when `errorCode` is 'name-invalid'. */
  name: string;
  /** Of a symlink, what it leads to; 'other' where that cannot be reached. */
  type: 'file' | 'directory' | 'other';
  isSymlink: boolean;
  /** Bytes; 0 unless it is a file. */
  size: number;
  /** µs since the Unix epoch; null when it cannot be told. */
  modificationTime: number | null;
  /** Its owner may execute it. */
  executable: boolean;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Why nothing more can be told, or done, about it; null: all is well. */
  errorCode: ErrorCode | null;
}

/**
 * @param path names that lead to the directory
 * @returns undefined for what is not there any more, and for partial files of ours
 */
export function lookAt(
  fileSystem: ManagedFileSystem,
  path: readonly string[],
  directory: ManagedDirectory,
  bytes: Uint8Array,
): Entry | undefined {
  if (!isUtf8(bytes)) return { ...NOTHING_TOLD, name: escapeNameBytes(bytes), errorCode: 'name-invalid' };
  const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  if (isPartialName(name)) return undefined;
  let isSymlink = false;
  try {
    const own = directory.status(name);
    if (own === undefined) return undefined;
    isSymlink = own.kind === 'symlink';
    return entryOf(name, isSymlink ? fileSystem.status([...path, name]) : own, isSymlink);
  } catch (error) {
    return { ...NOTHING_TOLD, name, isSymlink, errorCode: asFileFailure(error).code };
  }
}

export function entryOf(name: string, status: FileStatus, isSymlink = false): Entry {
  const { kind, size, mode, uid, gid, mtimeSeconds, mtimeNanoseconds } = status;
  const isFile = kind === 'file';
  const time = mtimeSeconds * 1_000_000 + Math.floor(mtimeNanoseconds / 1_000);
  return {
    name,
    type: isFile || kind === 'directory' ? kind : 'other',
    isSymlink,
    size: isFile ? size : 0,
    modificationTime: Number.isSafeInteger(time) ? time : null,
    executable: isFile && (mode & 0o100) !== 0,
    mode: mode & 0o7777,
    uid,
    gid,
    errorCode: null,
  };
}

const NOTHING_TOLD: Omit<Entry, 'name'> = {
  type: 'other',
  isSymlink: false,
  size: 0,
  modificationTime: null,
  executable: false,
  mode: 0,
  uid: 0,
  gid: 0,
  errorCode: null,
};

/** @throws JetStreamError `path-refused` for the top itself, which nobody makes, moves or removes */
export function parentAndName(path: readonly string[]): { parent: readonly string[]; name: string } {
  const name = path.at(-1);
  if (name === undefined) {
    throw new JetStreamError('path-refused', '/: the top of what is open to this account stays as it is', {
      subject: '/',
    });
  }
  return { parent: path.slice(0, -1), name };
}
