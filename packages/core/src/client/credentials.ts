import { loginSignatureInput, type Signer } from '@jetstream/auth';
import { type Login, NO_CREDENTIALS, type PublicKeyOffer } from '@jetstream/protocol';

/** How to log in: one way (LG-5). */
export type Credentials =
  /** All of them are offered; none: the static key that the handshake proves has to do. */
  | { kind: 'keys'; signers: Promise<readonly Signer[]> }
  | { kind: 'password'; password: string }
  /** With the token's own password, if it has one. */
  | { kind: 'token'; token: string; password: string };

/** @throws JetStreamError why the keys cannot be used */
export async function loginBy(
  credentials: Credentials,
  user: string,
  handshakeHash: Uint8Array,
): Promise<Login> {
  const login: Login = { user, ...NO_CREDENTIALS };
  switch (credentials.kind) {
    case 'keys':
      login.publicKeys = await offersOf(await credentials.signers, loginSignatureInput(handshakeHash, user));
      break;
    case 'password':
      login.password = credentials.password;
      break;
    case 'token':
      login.token = credentials.token;
      login.tokenPassword = credentials.password;
  }
  return login;
}

/** One key of several that does not sign (an agent that asks its user and is told no) does not keep the others from being offered. */
async function offersOf(signers: readonly Signer[], input: Uint8Array): Promise<PublicKeyOffer[]> {
  const signed = await Promise.allSettled(
    signers.map(async (signer) => ({ publicKey: signer.publicKeyBlob, signature: await signer.sign(input) })),
  );
  const offers = signed.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failure = signed.find((result) => result.status === 'rejected');
  if (offers.length === 0 && failure !== undefined) throw failure.reason;
  return offers;
}
