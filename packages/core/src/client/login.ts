import {
  type ControlMessage,
  errorCodeFromWire,
  JetStreamError,
  type ServerIdentity,
} from '@jetstream/protocol';
import { decodeRatePolicy } from '../session/rate-policy-message.ts';
import { heedReceiveLimit } from '../session/receive-limit.ts';
import type { Session } from '../session/session.ts';
import { type Credentials, loginBy, waysIn } from './credentials.ts';
import { Link } from './link.ts';
import type { ServerRatePolicy } from './server-rate-policy.ts';

export interface LoginRequest {
  user: string;
  hostName: string;
  credentials: Credentials;
  /** Of a client that is a server itself. */
  identity: ServerIdentity | undefined;
  /** What a user who is refused can do, in words. */
  advice: string;
  /** Takes what comes on the control stream besides the answer to the login. */
  ratePolicy: ServerRatePolicy;
}

/**
 * Waits for the keys of the channel and logs in: all keys at hand are offered in one message, so that a login costs one round trip, and a
 * password comes after them.
 * The server's key must have been accepted.
 * @returns once the first login is sent
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
  const { credentials, user, identity } = request;
  const [first, ...waysLeft] = waysIn(credentials);
  const sendLogin = async (way: Credentials) => {
    const login = await loginBy(way, user, await session.established);
    if (session.closed !== undefined) throw session.closed;
    session.sendControl({ body: { $case: 'login', value: { ...login, server: identity } } });
  };
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
      if (result.errorCode === 0) {
        link.server = result.server;
        return gaveAccount(result.account);
      }
      const isLimited = errorCodeFromWire(result.errorCode) === 'limit-exceeded';
      const [way] = isLimited ? [] : waysLeft.splice(0, 1);
      if (way !== undefined) return sendLogin(way);
      const refusal = refused(request, isLimited);
      gaveUp(refusal);
      session.abandon(refusal);
    },
    onClosed: (error) => {
      gaveUp(error);
      link.onClosed(error);
    },
  };
  try {
    await sendLogin(first);
  } catch (error) {
    // Who has a password needs no key.
    const [way] = waysLeft.splice(0, 1);
    if (way === undefined || session.closed !== undefined) throw error;
    await sendLogin(way);
  }
  return link;
}

function refused({ user, hostName, advice }: LoginRequest, limited: boolean): JetStreamError {
  return new JetStreamError(
    'login-refused',
    limited
      ? `${hostName} refuses logins from here for a while after too many failed ones: try again in a minute`
      : `${hostName} does not let ${user === '' ? 'this token' : `the user ${user}`} in: ${advice}`,
    { subject: user === '' ? hostName : `${user}@${hostName}` },
  );
}
