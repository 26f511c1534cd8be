export { AccountStanding, type AccountStandingOptions, type Standing } from './account-standing.ts';
export { type ClientIdentity, loadOrCreateIdentity } from './client-identity.ts';
export { configDirectory } from './config-directory.ts';
export { type HostKey, keyFingerprint, loadOrCreateHostKey } from './host-key.ts';
export { CERTIFICATE_DIGEST, type HostKeyCheck, type HostProof, KnownHosts } from './known-hosts.ts';
export { type GuardClock, type Guarded, LoginGuard } from './login-guard.ts';
export {
  authenticate,
  type LoginAttempt,
  type LoginContext,
} from './login-policy.ts';
export { loginSignatureInput, verifyLoginSignature } from './login-signature.ts';
export { PamHelpers, type PamHelpersOptions } from './pam/pam-helpers.ts';
export { authenticateByPassword, type PasswordLoginContext } from './password-login.ts';
export { createPrivateFile, readPrivateFile, replacePrivateFile } from './private-file.ts';
export { SecretBox } from './secret-box.ts';
export { collectSigners, type SignerOptions } from './signers.ts';
export { parsePrivateKey, type Signer } from './ssh-keys.ts';
export { refuseUnlessOwn } from './strict-modes.ts';
export { type AccountDatabase, refused, usableAccount } from './usable-account.ts';
