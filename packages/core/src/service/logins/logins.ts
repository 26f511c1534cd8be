import type { ApiAuthenticator, ApiIdentity } from '@jetstream/api';
import {
  type AccountDatabase,
  AccountStanding,
  authenticate,
  authenticateByPassword,
  type Guarded,
  LoginGuard,
  PamHelpers,
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

const KEY_REFUSAL_STEP_MS = 250;

/** How long it may stay unnoticed that an account was removed, has expired or was locked. */
const ACCOUNT_CHECK_MS = 5_000;
/** How often those whose work is under way are looked at again. */
const RECHECK_MS = 30_000;

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
  passwords?: PamHelpers;
  standing?: AccountStanding;
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
  readonly #passwords: PamHelpers;
  readonly #standing: AccountStanding;
  readonly #guard: LoginGuard;
  readonly #accounts: AccountDatabase;
  readonly #nowMs: () => number;
  /** Reasons that are logged once. */
  readonly #toldReasons = new Set<string>();
  readonly #recheckListeners = new Set<() => void>();
  #recheckTimer: NodeJS.Timeout | undefined;
  /** What the system said against accounts since then. */
  readonly #usable = new Map<string, string | undefined>();
  #usableSinceMs = Number.NEGATIVE_INFINITY;

  constructor(context: LoginsContext) {
    this.#context = context;
    this.#passwords = context.passwords ?? new PamHelpers();
    this.#guard = context.guard ?? new LoginGuard();
    this.#accounts = context.accounts ?? platform;
    this.#standing = context.standing ?? new AccountStanding({ accounts: this.#accounts });
    this.#nowMs = context.nowMs ?? (() => performance.now());
  }

  start(): void {
    this.#standing.prepare();
    this.#recheckTimer = setInterval(() => this.recheck(), RECHECK_MS).unref();
  }

  close(): Promise<void> {
    clearInterval(this.#recheckTimer);
    this.#standing.close();
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
    if (trusted !== undefined)
      return mapped(await this.#trusted(trusted, remote), (account) => ({ account, byStaticKey: true }));
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

  /** A session outlives neither its token nor its account, by what this machine knows itself. */
  isStillValid(identity: ApiIdentity): boolean {
    const isTokenValid = identity.token === null || this.tokens?.isStillValid(identity) === true;
    return isTokenValid && this.#isUsable(identity.account);
  }

  async mayGoOn(identity: ApiIdentity, remote: string): Promise<boolean> {
    return (
      this.isStillValid(identity) &&
      (await this.mayStay(identity.account, remote)) &&
      // The token may have ended while the system was asked.
      this.isStillValid(identity)
    );
  }

  /**
   * Whether whoever is in by that account may begin more work (LG-11): not once it was removed, has expired or was locked.
   * @param remote undefined: nobody is there, and it is work that was left to the server
   */
  async mayStay(account: string, remote: string | undefined): Promise<boolean> {
    const { isOpen, isClosed, reason } = this.#isUsable(account)
      ? await this.#standing.of(account, remote)
      : { isOpen: false, isClosed: true, reason: this.#usable.get(account) };
    const { logger } = this.#context;
    if (isClosed)
      logger.warn({ account, remote, why: reason }, 'the account is out of use: what it does ends');
    // It may pass, and would be told again and again.
    else if (!isOpen && this.#isNews(reason!))
      logger.warn({ account, why: reason }, 'it goes on, but no log-in would');
    return !isClosed;
  }

  /** @param listener told when it is time to ask `mayStay` of those whose work is under way: each 30 s */
  onRecheck(listener: () => void): void {
    this.#recheckListeners.add(listener);
  }

  /** Whatever was found out before, all whose work is under way are looked at again. */
  recheck(): void {
    this.#usableSinceMs = Number.NEGATIVE_INFINITY;
    for (const listener of this.#recheckListeners) listener();
  }

  /** Asked at each request and each event, and of the system once in so long. */
  #isUsable(account: string): boolean {
    const now = this.#nowMs();
    if (now - this.#usableSinceMs >= ACCOUNT_CHECK_MS) {
      this.#usableSinceMs = now;
      this.#usable.clear();
    }
    if (!this.#usable.has(account)) this.#usable.set(account, this.#whyUnusable(account));
    return this.#usable.get(account) === undefined;
  }

  /** Where the system cannot say, nobody who is in is thrown out. */
  #whyUnusable(account: string): string | undefined {
    try {
      usableAccount(account, this.#accounts);
      return this.#standing.closedByShadow(account);
    } catch (error) {
      return error instanceof JetStreamError && error.code === 'login-refused' ? error.message : undefined;
    }
  }

  async #byPassword(user: string, password: string, remote: string): Promise<Guarded<platform.Account>> {
    const outcome = await authenticateByPassword(
      { user, password, remote },
      {
        guard: this.#guard,
        passwords: this.#passwords,
        standing: this.#standing,
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
      { stateDirectory, guard: this.#guard, standing: this.#standing, accounts: this.#accounts },
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
      const account = usableAccount(found.account, this.#accounts);
      return loggedInBy(found, await this.#standing.demandOpen(account, remote));
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

  /** Refusals of others that come from there keep out no trusted server. */
  async #trusted(account: platform.Account, remote: string): Promise<Guarded<platform.Account>> {
    const { isOpen, reason } = await this.#standing.of(account.name, remote);
    const outcome: Guarded<platform.Account> = isOpen
      ? { accepted: true, value: account }
      : await this.#guard.guard({ remote, refusalStepMs: KEY_REFUSAL_STEP_MS }, () =>
          Promise.reject(refused(reason)),
        );
    return this.#told(outcome, 'static key', account.name, remote);
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

  /** It holds for all. */
  #onUnavailable(why: string): void {
    if (this.#isNews(why)) this.#context.logger.error({ why }, 'passwords cannot be checked');
  }

  #isNews(why: string): boolean {
    const isNews = !this.#toldReasons.has(why);
    this.#toldReasons.add(why);
    return isNews;
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
