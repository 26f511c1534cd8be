import { loginSignatureInput, type Signer } from '@jetstream/auth';
import {
  type ControlMessage,
  errorCodeFromWire,
  JetStreamError,
  NO_CREDENTIALS,
  type PublicKeyOffer,
} from '@jetstream/protocol';
import { decodeRatePolicy } from '../session/rate-policy-message.ts';
import { heedReceiveLimit } from '../session/receive-limit.ts';
import type { Session } from '../session/session.ts';
import { Link } from './link.ts';
import type { ServerRatePolicy } from './server-rate-policy.ts';

export interface LoginRequest {
  user: string;
  hostName: string;
  signers: Promise<readonly Signer[]>;
  /** Takes what comes on the control stream besides the answer to the login. */
  ratePolicy: ServerRatePolicy;
}

/**
 * Waits for the keys of the channel and logs in by public key: all keys at hand are offered in one message, so that a login
 * costs one round trip. The server's key must have been accepted.
 * @returns once the login is sent
 * @throws JetStreamError why no login could be sent: an unreadable identity, or why the session closed
 */
export async function logIn(session: Session, request: LoginRequest): Promise<Link> {
  let gaveAccount!: (account: string) => void;
  let gaveUp!: (error: unknown) => void;
  const account = new Promise<string>((resolve, reject) => {
    gaveAccount = resolve;
    gaveUp = reject;
  });
  account.catch(() => undefined);
  const link = new Link(session, account);
  session.handler = {
    onControl: (message: ControlMessage) => {
      const { body } = message;
      if (body?.$case === 'ratePolicyInForce')
        return request.ratePolicy.onInForce(decodeRatePolicy(body.value));
      if (body?.$case === 'receiveLimit') return heedReceiveLimit(session, body.value);
      if (body?.$case !== 'loginResult') {
        throw new JetStreamError('protocol-violation', 'the server sent what only a client sends');
      }
      const result = body.value;
      if (result.errorCode === 0) return gaveAccount(result.account);
      const refusal = refused(request, errorCodeFromWire(result.errorCode) === 'limit-exceeded');
      gaveUp(refusal);
      session.abandon(refusal);
    },
    onClosed: (error) => {
      gaveUp(error);
      link.onClosed(error);
    },
  };
  const input = loginSignatureInput(await session.established, request.user);
  const publicKeys = await offersOf(await request.signers, input);
  if (session.closed !== undefined) throw session.closed;
  session.sendControl({
    body: { $case: 'login', value: { user: request.user, ...NO_CREDENTIALS, publicKeys } },
  });
  return link;
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

function refused({ user, hostName }: LoginRequest, limited: boolean): JetStreamError {
  return new JetStreamError(
    'login-refused',
    limited
      ? `${hostName} refuses logins from here for a while after too many failed ones: try again in a minute`
      : `${hostName} does not let the user ${user} in: add the line that 'jscp --print-identity' prints to ~${user}/.ssh/authorized_keys there, or to the server's own authorized_keys`,
    { subject: `${user}@${hostName}` },
  );
}
