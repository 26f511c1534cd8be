export type * from './beneath-root/contract.ts';
export { directoryOperations } from './beneath-root/directory-operations.ts';
export { fileError } from './file-error.ts';
export { setModificationTime } from './modification-time.ts';
