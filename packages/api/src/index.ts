/** The interface of a JetStream server: its commands and structures, once, as schemas. */

export { boundChallenge } from './bound-challenge.ts';
export { type CommandOption, commandOptions, type OptionKind } from './commands/command-options.ts';
export * from './commands/commands.ts';
export type { Access, CommandDefinition } from './commands/definition.ts';
export { parseParameters } from './commands/parse-parameters.ts';
export type * from './contract.ts';
export { httpStatusOf } from './errors.ts';
export { API_PATH, openApiDocument } from './openapi/open-api-document.ts';
export type { Connection } from './schema/connection.ts';
export type { Destination } from './schema/destination.ts';
export type { DirectoryEntry, DirectoryListing, DiskUsage, ListedPath, Root } from './schema/directory.ts';
export type { ErrorBody } from './schema/error.ts';
export type { EventName } from './schema/event.ts';
export {
  FILETYPE_DIRECTORY,
  FILETYPE_REGULAR_FILE,
  type FileMapping,
  parseFileMapping,
} from './schema/file-mapping.ts';
export type { Manifest, ManifestFile, ManifestFiles } from './schema/manifest.ts';
export type { ReceiveTransfer, Source } from './schema/receive-transfer.ts';
export type { Request, RequestStatus } from './schema/request.ts';
export type { AuthorizedClient, AuthorizedClients, Wrangler } from './schema/roles.ts';
export type { SandboxMapping } from './schema/sandbox-mapping.ts';
export type { Json } from './schema/scalars.ts';
export {
  API_VERSION,
  MIN_CIPHER_ENCRYPTED_256,
  type ServerInformation,
} from './schema/server-information.ts';
export type { Session } from './schema/session.ts';
export type { BandwidthLimits, GarbageCollectSettings } from './schema/settings.ts';
export type { APIToken, SharedToken, TokenPermissions } from './schema/token.ts';
export {
  BLOCK_BYTES,
  DEFAULT_PRIORITY,
  OVERWRITE_MODES,
  type Transfer,
  type TransferStatus,
} from './schema/transfer.ts';
export type { UserData } from './schema/user-data.ts';
