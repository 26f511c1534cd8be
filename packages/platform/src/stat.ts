import { fstatSync, lstatSync } from 'node:fs';
import type { DirectoryHandle, FileName } from './beneath-root/contract.ts';
import { childPath } from './beneath-root/file-name.ts';
import { type FileStatus, fileStatus } from './file-status.ts';
import { nativeNames } from './native-names.ts';

/** @throws the system error of Node */
export function statusOfDescriptor(fd: number): FileStatus {
  return nativeNames()?.status(fd, '') ?? fileStatus(fstatSync(fd, { bigint: true }));
}

/**
 * Of the name itself, a symlink not followed; undefined when there is nothing.
 * @param name checked
 * @throws the system error of Node
 */
export function statusOfName(directory: DirectoryHandle, name: FileName): FileStatus | undefined {
  const native = nativeNames();
  if (native !== undefined) return native.status(directory.fd, name);
  const path = childPath(directory.location, name);
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && fileStatus(stats);
}
