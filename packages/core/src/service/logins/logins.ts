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

/** How long it may stay unnoticed that an account was removed. */
const ACCOUNT_CHECK_MS = 5_000;

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
  /** Of a monotonic clock. */
  nowMs?: () => number;
}

/** Who may come in, by whatever way: the one place that UDP and the API ask. */
export class Logins implements ServicePart, ApiAuthenticator {
  /** Set by the part that knows them. Without, no token lets in. */
  tokens: TokenVerifier | undefined;
  readonly #context: LoginsContext;
  readonly #passwords: PasswordChecker;
  readonly #guard: LoginGuard;
  readonly #accounts: AccountDatabase;
  readonly #nowMs: () => number;
  readonly #unavailableTold = new Set<string>();
  /** What the system said of accounts since then. */
  readonly #usable = new Map<string, boolean>();
  #usableSinceMs = Number.NEGATIVE_INFINITY;

  constructor(context: LoginsContext) {
    this.#context = context;
    this.#passwords = context.passwords ?? new PasswordChecker();
    this.#guard = context.guard ?? new LoginGuard();
    this.#accounts = context.accounts ?? platform;
    this.#nowMs = context.nowMs ?? (() => performance.now());
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

  /** A session outlives neither its token nor its account. */
  isStillValid(identity: ApiIdentity): boolean {
    const isTokenValid = identity.token === null || this.tokens?.isStillValid(identity) === true;
    return isTokenValid && this.#isUsable(identity.account);
  }

  /** Asked at each request and each event, and of the system once in so long. */
  #isUsable(account: string): boolean {
    const now = this.#nowMs();
    if (now - this.#usableSinceMs >= ACCOUNT_CHECK_MS) {
      this.#usableSinceMs = now;
      this.#usable.clear();
    }
    let isUsable = this.#usable.get(account);
    if (isUsable === undefined) {
      isUsable = isAccountUsable(account, this.#accounts);
      this.#usable.set(account, isUsable);
    }
    return isUsable;
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
    // The event log bounds how much of it strangers can have kept.
    events.emit('loginRefused', { user: shown, remoteAddress: remote, way });
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

/** Where the system cannot say, nobody who is in is thrown out. */
function isAccountUsable(name: string, accounts: AccountDatabase): boolean {
  try {
    usableAccount(name, accounts);
    return true;
  } catch (error) {
    return !(error instanceof JetStreamError && error.code === 'login-refused');
  }
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
