import { JetStreamError } from '@jetstream/protocol';
import { boundChallenge } from '../bound-challenge.ts';
import type { Parameters, Result, SessionCommandName } from '../commands/commands.ts';
import type { ApiAuthenticator, ApiIdentity } from '../contract.ts';
import type { Session } from '../schema/session.ts';
import { Challenges } from './challenges.ts';
import type { ApiLimits } from './limits.ts';
import type { Peer } from './peer.ts';
import { NOBODY, type Requests } from './requests.ts';
import type { ApiSession, Sessions } from './sessions.ts';

export interface SessionParts {
  authenticator: ApiAuthenticator;
  sessions: Sessions;
  requests: Requests;
  /** Of the server now, DER. */
  certificate: () => Uint8Array;
  limits: ApiLimits;
  nowMs: () => number;
}

const ROLE_IS_GIVEN_BY = {
  superuser: '--superuser and --supergroup of the server say who may',
  wrangler: 'a superuser says who may, by addWranglerAsync',
};

type SessionHandlers = {
  [C in SessionCommandName]: (parameters: Parameters<C>, peer: Peer) => Promise<Result<C>> | Result<C>;
};

/** The commands about who calls, about requests, and about events. */
export function sessionCommands(parts: SessionParts): SessionHandlers {
  const { authenticator, sessions, requests, certificate, limits, nowMs } = parts;
  const challenges = new Challenges(
    { lifeMs: limits.challengeLifeMs, maxAnswered: limits.challengesAnswered },
    nowMs,
  );

  const logIn = (peer: Peer, identity: ApiIdentity): Session => {
    const { session, token } = sessions.open(identity);
    if (peer.session && peer.ownsSession) sessions.close(peer.session);
    peer.ownsSession = peer.subscribe !== undefined;
    peer.session = session;
    peer.token = token;
    return describe(session, token);
  };
  const raise = async (peer: Peer, role: 'superuser' | 'wrangler'): Promise<Session> => {
    const { session } = peer;
    if (!session) throw new JetStreamError('unauthenticated', 'the session has ended; log in again');
    if (session.identity.token !== null || !(await mayBe(authenticator, role, session.identity.account))) {
      throw new JetStreamError(
        'permission-denied',
        session.identity.token === null
          ? `${session.identity.account} may not be ${role} here: ${ROLE_IS_GIVEN_BY[role]}`
          : `a log-in by token is never raised to ${role}`,
      );
    }
    session[role] = true;
    return describe(session, peer.token ?? '');
  };
  const describe = (session: ApiSession, sessionToken: string): Session => ({
    sessionToken,
    account: session.identity.account,
    superuser: session.superuser,
    wrangler: session.wrangler,
    expiryTime: Math.round(Date.now() + session.endsMs - nowMs()) * 1_000,
  });
  const byPassword = async ({ user, password }: Parameters<'auth'>, peer: Peer) =>
    logIn(peer, await authenticator.password(user, password, peer.remoteAddress));

  return {
    auth: byPassword,
    authAsync: byPassword,
    authChallenge: () => ({ challenge: Buffer.from(challenges.create()).toString('base64') }),
    authPublicKey: async ({ user, challenge, offers }, peer) => {
      const challengeBytes = Buffer.from(challenge, 'base64');
      challenges.answer(challengeBytes);
      const identity = await authenticator.publicKey(
        user,
        offers.map(({ publicKey, signature }) => ({
          publicKey: Buffer.from(publicKey, 'base64'),
          signature: Buffer.from(signature, 'base64'),
        })),
        boundChallenge(challengeBytes, certificate()),
        peer.remoteAddress,
      );
      return logIn(peer, identity);
    },
    authToken: async ({ token, password }, peer) =>
      logIn(peer, await authenticator.token(token, password, peer.remoteAddress)),
    logout: (_nothing, peer) => {
      if (peer.session) sessions.close(peer.session);
      peer.session = undefined;
      peer.unsubscribe?.();
      return null;
    },
    superuser: (_nothing, peer) => raise(peer, 'superuser'),
    wrangler: (_nothing, peer) => raise(peer, 'wrangler'),
    getRequestStatus: ({ requestId }, peer) =>
      requests.status(requestOwner(peer.session?.identity), requestId),
    getRequestResult: async ({ requestId, timeoutMs }, peer) =>
      (await requests.result(
        requestOwner(peer.session?.identity),
        requestId,
        Math.min(timeoutMs, limits.longestPollMs),
        peer.signal,
      )) as Result<'getRequestResult'>,
    subscribe: ({ events }, peer) => {
      if (!peer.subscribe) throw new JetStreamError('invalid-argument', 'events come over a WebSocket alone');
      peer.subscribe(events);
      return null;
    },
    unsubscribe: (_nothing, peer) => {
      peer.unsubscribe?.();
      return null;
    },
  };
}

/** Superusers are wranglers too. */
export async function mayBe(
  authenticator: ApiAuthenticator,
  role: 'superuser' | 'wrangler',
  account: string,
): Promise<boolean> {
  if (role === 'wrangler' && (await authenticator.mayBeWrangler(account))) return true;
  return authenticator.mayBeSuperuser(account);
}

/** Whose a request is. */
export function requestOwner(identity: Pick<ApiIdentity, 'account' | 'token'> | undefined): string {
  return identity === undefined ? NOBODY : JSON.stringify([identity.account, identity.token]);
}
