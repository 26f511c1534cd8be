/** `@jetstream/core`: servers and clients for other programs to embed. */
export { type ErrorCode, JetStreamError } from '@jetstream/protocol';
export { askPassword } from './ask-password.ts';
export { askYesNo } from './ask-yes-no.ts';
export { parseBitRate } from './bit-rate.ts';
export { Client } from './client/client.ts';
export { clientIdentityLine } from './client/identity.ts';
export type * from './contract.ts';
export { readSecretFile } from './secret-file.ts';
export { Server } from './server/server.ts';
export { VERSION } from './software.ts';
export { defaultStateDirectory } from './state-directory.ts';
