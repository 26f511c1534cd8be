import type { ApiHandlers, ApiIdentity } from '@jetstream/api';
import { refused } from '@jetstream/auth';
import type { CleanUpTime, Removed } from '../clean-up/removed.ts';
import { newId } from '../ids.ts';
import type { TokenLogin, TokenVerifier } from '../logins/token-verifier.ts';
import type { ServicePart } from '../part.ts';
import type { ServiceContext } from '../service.ts';
import { ApiTokens } from './api-tokens.ts';
import { Revocations } from './revocations.ts';
import { sharedLink } from './shared-link.ts';
import { type SharedManifests, SharedTokens } from './shared-tokens.ts';

/** The longest that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** All tokens of the server: who may make them, and who may come in with them. */
export class Tokens implements ServicePart, TokenVerifier {
  readonly commands: Partial<ApiHandlers>;
  readonly api: ApiTokens;
  readonly shared: SharedTokens;
  readonly revocations: Revocations;
  readonly #context: ServiceContext;
  readonly #listeners: Set<() => void>;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    context: ServiceContext,
    api: ApiTokens,
    shared: SharedTokens,
    revocations: Revocations,
    listeners: Set<() => void>,
  ) {
    this.#context = context;
    this.api = api;
    this.shared = shared;
    this.revocations = revocations;
    this.#listeners = listeners;
    this.commands = { ...api.commands, ...shared.commands };
    listeners.add(() => this.#awaitExpiry());
    context.events.on('tokenCreated', () => this.#awaitExpiry());
    this.#awaitExpiry();
  }

  /** @throws JetStreamError `io-error` and the like */
  static async open(context: ServiceContext, manifests: SharedManifests): Promise<Tokens> {
    const { options, state, clock, events, logger } = context;
    const listeners = new Set<() => void>();
    const onRevoked = () => {
      for (const listener of listeners) listener();
    };
    const revocations = await Revocations.open(state, logger);
    const isEnabled = options.apiTokens !== false;
    const api = await ApiTokens.open(state, clock, events, isEnabled, revocations, onRevoked);
    const shared = await SharedTokens.open({
      state,
      clock,
      events,
      manifests,
      isEnabled: options.sharedTokens !== false,
      onRevoked,
      isTokenValid: (token) => api.get(token) !== undefined,
      isTokenKept: (token) => api.store.has(token),
      linkOf: (secret, { reachedAs }) =>
        sharedLink(secret, {
          externalAddress: options.externalAddress,
          listensOn: options.host,
          reachedAs,
          apiPort: context.apiPort(),
          udpPort: context.lanes().path.port,
        }),
    });
    return new Tokens(context, api, shared, revocations, listeners);
  }

  /** Before what they began runs again. */
  start(): Promise<void> {
    return this.revocations.carryOut();
  }

  serverInfo() {
    return {
      APITokensAvailable: this.api.isEnabled,
      sharedTokensAvailable: this.shared.isEnabled,
    };
  }

  /** Told when some token may have ended: whoever came with one is to be looked at again. @returns ends it */
  onEnded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws JetStreamError `login-refused`, with the reason for the log alone */
  async verify(secret: string, password: string | undefined): Promise<TokenLogin> {
    // Both are asked, so that neither kind tells by its time whether it has the token.
    const [api, shared] = await Promise.all([
      this.api.store.verify(secret, password),
      this.shared.store.verify(secret, password),
    ]);
    const tokenSession = newId();
    if (api !== undefined && this.api.get(api.token) !== undefined) {
      const { owner, token, permissions, path } = api;
      return { account: owner, token, tokenSession, restrictions: { permissions, path } };
    }
    if (shared !== undefined && this.shared.get(shared.token) !== undefined) {
      const { owner, token } = shared;
      return { account: owner, token, tokenSession, restrictions: { sharedToken: token } };
    }
    throw refused('there is no such token, it has ended, or its password is another one');
  }

  isStillValid({ token }: ApiIdentity): boolean {
    return token === null || this.api.get(token) !== undefined;
  }

  /** "Physically gone within two hours": the clean-up runs each hour. */
  async collect({ nowUs }: CleanUpTime): Promise<Partial<Removed>> {
    await this.revocations.carryOut();
    const api = await this.api.store.collect(nowUs, () => false);
    const shared = await this.shared.store.collect(nowUs, (record) => this.shared.isUseless(record));
    return { tokensDeleted: api + shared };
  }

  close(): Promise<void> {
    clearTimeout(this.#timer);
    return Promise.resolve();
  }

  /** Whoever runs on a token that expires is ended then. */
  #awaitExpiry(): void {
    clearTimeout(this.#timer);
    const next = Math.min(this.api.store.nextExpiry, this.shared.store.nextExpiry);
    if (next === Number.POSITIVE_INFINITY) return;
    const inMs = (next - this.#context.clock.wallUs()) / 1_000;
    this.#timer = setTimeout(
      () => {
        for (const listener of this.#listeners) listener();
      },
      Math.min(Math.max(inMs, 0) + 1, MAX_TIMER_MS),
    );
    this.#timer.unref();
  }
}
