import type { ApiAuthenticator, ApiIdentity } from '@jetstream/api';
import {
  type AccountDatabase,
  authenticate,
  authenticateByPassword,
  type Guarded,
  LoginGuard,
  PasswordChecker,
  refused,
  usableAccount,
} from '@jetstream/auth';
import { escapeName } from '@jetstream/manifest';
import * as platform from '@jetstream/platform';
import { JetStreamError, type Login } from '@jetstream/protocol';
import type { Logger } from '../../logging.ts';
import type { ServiceEvents } from '../events.ts';
import type { Owner } from '../owner.ts';
import type { ServicePart } from '../part.ts';
import type { AuthorizedClients } from './authorized-clients.ts';
import type { Roles } from './roles.ts';
import type { LoginRestrictions, TokenLogin, TokenVerifier } from './token-verifier.ts';

/** Of a refusal by token: as of one by password, which a token may have. */
const TOKEN_REFUSAL_STEP_MS = 3_000;

/** Who came over UDP. */
export interface LoggedIn {
  account: platform.Account;
  /** Logged in by a token. */
  identity?: ApiIdentity;
  restrictions?: LoginRestrictions;
  /** Nothing but the static key let in: it holds for as long as the key is listed. */
  byStaticKey?: boolean;
}

/** What is known of a connection whose client logs in. */
export interface LoginConnection {
  handshakeHash: Uint8Array;
  /** Static key of the client, which the handshake proved. */
  peerKey: Uint8Array;
  /** IP address. */
  remote: string;
}

export interface LoginsContext {
  stateDirectory: string;
  logger: Logger;
  events: ServiceEvents;
  roles: Roles;
  authorizedClients: AuthorizedClients;
  /** Default: of this machine, by PAM. */
  passwords?: PasswordChecker;
  guard?: LoginGuard;
  accounts?: AccountDatabase;
}

/** Who may come in, by whatever way: the one place that UDP and the API ask. */
export class Logins implements ServicePart, ApiAuthenticator {
  /** Set by the part that knows them. Without, no token lets in. */
  tokens: TokenVerifier | undefined;
  readonly #context: LoginsContext;
  readonly #passwords: PasswordChecker;
  readonly #guard: LoginGuard;
  readonly #accounts: AccountDatabase;
  readonly #unavailableTold = new Set<string>();

  constructor(context: LoginsContext) {
    this.#context = context;
    this.#passwords = context.passwords ?? new PasswordChecker();
    this.#guard = context.guard ?? new LoginGuard();
    this.#accounts = context.accounts ?? platform;
  }

  close(): Promise<void> {
    this.#passwords.close();
    return Promise.resolve();
  }

  /** Whether a client with that static key may say anything at all. */
  mayConnect(peerKey: Uint8Array): boolean {
    const { authorizedClients } = this.#context;
    return !authorizedClients.isExclusive || authorizedClients.find(peerKey) !== undefined;
  }

  /** Whether a client that came by its static key alone may stay. */
  isTrusted(peerKey: Uint8Array): boolean {
    return this.#context.authorizedClients.find(peerKey) !== undefined;
  }

  /** A login over UDP. */
  async logIn(login: Login, connection: LoginConnection): Promise<Guarded<LoggedIn>> {
    const { user, publicKeys, password, token, tokenPassword } = login;
    const { remote, handshakeHash, peerKey } = connection;
    if (token !== '') {
      const outcome = await this.#byToken(token, tokenPassword || undefined, remote, user);
      return mapped(outcome, (found) => found);
    }
    if (password !== '')
      return mapped(await this.#byPassword(user, password, remote), (account) => ({ account }));
    const trusted = this.#byStaticKey(user, peerKey);
    if (trusted !== undefined) {
      this.#onLoggedIn('static key', trusted.name, remote);
      return { accepted: true, value: { account: trusted, byStaticKey: true } };
    }
    return mapped(await this.#byKeys(user, publicKeys, handshakeHash, remote), (account) => ({ account }));
  }

  async password(user: string, password: string, remote: string): Promise<ApiIdentity> {
    return identityOf(demand(await this.#byPassword(user, password, remote)));
  }

  async publicKey(
    user: string,
    offers: readonly { publicKey: Uint8Array; signature: Uint8Array }[],
    boundHash: Uint8Array,
    remote: string,
  ): Promise<ApiIdentity> {
    return identityOf(demand(await this.#byKeys(user, offers, boundHash, remote)));
  }

  async token(token: string, password: string | undefined, remote: string): Promise<ApiIdentity> {
    const { identity } = demand(await this.#byToken(token, password, remote, ''));
    // A shared link fetches files, and that over UDP.
    if (identity === undefined) throw refusal(false);
    return identity;
  }

  async mayBeSuperuser(account: string): Promise<boolean> {
    return this.#context.roles.mayBeSuperuser(account);
  }

  async mayBeWrangler(account: string): Promise<boolean> {
    return this.#context.roles.mayBeWrangler(account);
  }

  isStillValid(identity: ApiIdentity): boolean {
    return identity.token === null || this.tokens?.isStillValid(identity) === true;
  }

  async #byPassword(user: string, password: string, remote: string): Promise<Guarded<platform.Account>> {
    const outcome = await authenticateByPassword(
      { user, password, remote },
      {
        guard: this.#guard,
        passwords: this.#passwords,
        accounts: this.#accounts,
        onUnavailable: (why) => this.#onUnavailable(why),
      },
    );
    return this.#told(outcome, 'password', user, remote);
  }

  async #byKeys(
    user: string,
    offers: readonly { publicKey: Uint8Array; signature: Uint8Array }[],
    handshakeHash: Uint8Array,
    remote: string,
  ): Promise<Guarded<platform.Account>> {
    const { stateDirectory } = this.#context;
    const outcome = await authenticate(
      { user, offers, handshakeHash, remote },
      { stateDirectory, guard: this.#guard, accounts: this.#accounts },
    );
    return this.#told(outcome, 'public key', user, remote);
  }

  /** @param user '': as the token says */
  async #byToken(
    token: string,
    password: string | undefined,
    remote: string,
    user: string,
  ): Promise<Guarded<LoggedIn>> {
    const attempt = { remote, refusalStepMs: TOKEN_REFUSAL_STEP_MS };
    const outcome = await this.#guard.guard(attempt, async () => {
      if (this.tokens === undefined) throw refused('this server has no tokens');
      const found = await this.tokens.verify(token, password, remote);
      if (user !== '' && user !== found.account) throw refused('the token is of another account');
      return loggedInBy(found, usableAccount(found.account, this.#accounts));
    });
    this.#told(
      mapped(outcome, ({ account }) => account),
      'token',
      user,
      remote,
    );
    return outcome;
  }

  /** undefined: the key is not listed, or does not let in as that user. */
  #byStaticKey(user: string, peerKey: Uint8Array): platform.Account | undefined {
    const client = this.#context.authorizedClients.find(peerKey);
    if (client === undefined) return undefined;
    try {
      const account = usableAccount(client.account ?? user, this.#accounts);
      // Who may name any user is not to be root by that, unless the server is root's alone and was told so by name.
      return client.account === null && account.uid === 0 ? undefined : account;
    } catch {
      return undefined;
    }
  }

  #told(
    outcome: Guarded<platform.Account>,
    way: string,
    user: string,
    remote: string,
  ): Guarded<platform.Account> {
    if (outcome.accepted) {
      this.#onLoggedIn(way, outcome.value.name, remote);
      return outcome;
    }
    const { logger, events } = this.#context;
    const shown = escapeName(user);
    logger.warn({ remote, user: shown, way, why: escapeName(outcome.reason) }, 'login refused');
    // Strangers could fill the log with it.
    events.emit('loginRefused', { user: shown, remoteAddress: remote, way }, undefined, { logged: false });
    return outcome;
  }

  #onLoggedIn(way: string, account: string, remote: string): void {
    const { logger, events } = this.#context;
    logger.info({ remote, account, way }, 'logged in');
    const owner: Owner = { owner: account, ownerToken: null, ownerTokenSession: null };
    events.emit('loggedIn', { user: account, remoteAddress: remote, way }, owner);
  }

  /** Each reason once: it holds for all. */
  #onUnavailable(why: string): void {
    if (this.#unavailableTold.has(why)) return;
    this.#unavailableTold.add(why);
    this.#context.logger.error({ why }, 'passwords cannot be checked');
  }
}

function loggedInBy(login: TokenLogin, account: platform.Account): LoggedIn {
  const { token, tokenSession, restrictions } = login;
  if ('sharedToken' in restrictions) return { account, restrictions };
  const { permissions, path } = restrictions;
  return {
    account,
    restrictions,
    identity: { account: account.name, token, tokenSession, permissions, path },
  };
}

function identityOf({ name }: platform.Account): ApiIdentity {
  return { account: name, token: null, tokenSession: null, permissions: null, path: null };
}

function mapped<T, U>(outcome: Guarded<T>, map: (value: T) => U): Guarded<U> {
  return outcome.accepted ? { accepted: true, value: map(outcome.value) } : outcome;
}

/** @throws JetStreamError `login-refused`, `limit-exceeded` */
function demand<T>(outcome: Guarded<T>): T {
  if (!outcome.accepted) throw refusal(outcome.limited);
  return outcome.value;
}

/** LG-4: nothing of the reason. */
function refusal(isLimited: boolean): JetStreamError {
  return isLimited
    ? new JetStreamError('limit-exceeded', 'too many log-ins: try again in a minute')
    : new JetStreamError('login-refused', 'login refused');
}
