import {
  diskUse,
  listDirectory,
  type ManagedFileSystem,
  makeDirectories,
  makeFile,
  move,
  remove,
} from '@jetstream/storage';
import type { FileOperation, FileOperationResults } from './storage-operations.ts';

export type OperationResult = FileOperationResults[FileOperation['kind']];

/** A file operation, one small step after the other. */
export function beginOperation(
  fileSystem: ManagedFileSystem,
  operation: FileOperation,
): Generator<void, OperationResult> {
  switch (operation.kind) {
    case 'list':
      return listDirectory(fileSystem, operation.path, operation.limit, operation.after);
    case 'use':
      return diskUse(fileSystem, operation.path);
    case 'makeDirectory':
      return makeDirectories(fileSystem, operation.path);
    case 'makeFile':
      return makeFile(fileSystem, operation.path, Buffer.from(operation.content));
    case 'move':
      return move(fileSystem, operation.from, operation.to);
    case 'remove':
      return remove(fileSystem, operation.path, operation.recursive);
  }
}
