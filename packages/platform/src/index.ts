export { aeadProvider } from './aead/aead-provider.ts';
export { portableAead } from './aead/portable.ts';
export type * from './beneath-root/contract.ts';
export { directoryOperations } from './beneath-root/directory-operations.ts';
export type { DatagramAddress, DatagramPath, DatagramPathOptions } from './datagram/contract.ts';
export { openPortableDatagramPath } from './datagram/portable.ts';
export { fileError } from './file-error.ts';
export { setModificationTime } from './modification-time.ts';
