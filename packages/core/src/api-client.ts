/** What a program needs to drive a server over its HTTPS API, without the rest of core. */

export {
  type Arguments,
  COMMANDS,
  type CommandName,
  type CommandOption,
  commandDefinition,
  commandOptions,
  isCommandName,
  type Json,
  type OptionKind,
  parseParameters,
} from '@jetstream/api';
export * from '@jetstream/api/client';
export { type CertificatePinOptions, pinnedCertificate } from './api-client/certificate-pins.ts';
export { confirmCertificate } from './api-client/confirm-certificate.ts';
export { type ApiConnectOptions, connectApi } from './api-client/connect-api.ts';
export { loginKeys } from './api-client/login-keys.ts';
export { askPassword } from './ask-password.ts';
export { readSecretFile } from './secret-file.ts';
