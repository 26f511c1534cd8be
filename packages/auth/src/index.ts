export { type ClientIdentity, loadOrCreateIdentity } from './client-identity.ts';
export { configDirectory } from './config-directory.ts';
export { type HostKey, keyFingerprint, loadOrCreateHostKey } from './host-key.ts';
export { type HostKeyCheck, KnownHosts } from './known-hosts.ts';
export { LoginLimiter } from './login-limiter.ts';
export {
  type AccountDatabase,
  authenticate,
  type LoginAttempt,
  type LoginContext,
  type LoginOutcome,
} from './login-policy.ts';
export { loginSignatureInput, verifyLoginSignature } from './login-signature.ts';
export { SecretBox } from './secret-box.ts';
export { collectSigners, type SignerOptions } from './signers.ts';
export type { Signer } from './ssh-keys.ts';
