import { loginSignatureInput, type Signer } from '@jetstream/auth';
import {
  JetStreamError,
  type Login,
  MAX_PASSWORD_BYTES,
  MAX_TOKEN_BYTES,
  NO_CREDENTIALS,
  type PublicKeyOffer,
} from '@jetstream/protocol';

/** How to log in. */
export type Credentials =
  /**
   * All of them are offered; none: the static key that the handshake proves has to do. Then the password, if there is one and
   * no key lets in.
   */
  | { kind: 'keys'; signers: Promise<readonly Signer[]>; password?: string | undefined }
  | { kind: 'password'; password: string }
  /** With the token's own password, if it has one. */
  | { kind: 'token'; token: string; password: string };

/**
 * What is tried one after the other, on one connection.
 * @throws JetStreamError `invalid-argument` for a password or token that cannot be one
 */
export function waysIn(credentials: Credentials): [Credentials, ...Credentials[]] {
  if (credentials.kind === 'token') {
    demandLength('token', credentials.token, 1, MAX_TOKEN_BYTES);
    demandLength('password of the token', credentials.password, 0, MAX_PASSWORD_BYTES);
    return [credentials];
  }
  const { password } = credentials;
  if (password !== undefined) demandLength('password', password, 1, MAX_PASSWORD_BYTES);
  if (credentials.kind === 'keys' && password !== undefined)
    return [
      { kind: 'keys', signers: credentials.signers },
      { kind: 'password', password },
    ];
  return [credentials];
}

function demandLength(what: string, text: string, minBytes: number, maxBytes: number): void {
  const { length } = Buffer.from(text, 'utf8');
  if (length >= minBytes && length <= maxBytes && !text.includes('\0')) return;
  // Not the text itself.
  throw new JetStreamError(
    'invalid-argument',
    `a ${what} has ${minBytes} to ${maxBytes} bytes and no NUL, not ${length}`,
  );
}

/**
 * The Login of one way (LG-5).
 * @throws JetStreamError why the keys cannot be used
 */
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
