import type { APIToken, ApiCaller, ApiHandlers, Parameters } from '@jetstream/api';
import { narrowSandbox, SYSTEM_ROOT } from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';
import type { State } from '@jetstream/state';
import type { ServiceClock } from '../clock.ts';
import type { ServiceEvents } from '../events.ts';
import { type ApiTokenRecord, describeToken } from './record.ts';
import type { Revocations } from './revocations.ts';
import { TokenStore } from './token-store.ts';

type Commands = Pick<ApiHandlers, 'createAPIToken' | 'getAPIToken' | 'getAPITokens' | 'deleteAPIToken'>;

/** Tokens that act as their creator, with narrower rights. */
export class ApiTokens {
  readonly commands: Commands;
  readonly isEnabled: boolean;
  readonly store: TokenStore<ApiTokenRecord>;
  readonly #revocations: Revocations;
  readonly #onRevoked: () => void;

  private constructor(
    store: TokenStore<ApiTokenRecord>,
    isEnabled: boolean,
    revocations: Revocations,
    onRevoked: () => void,
  ) {
    this.#revocations = revocations;
    this.store = store;
    this.isEnabled = isEnabled;
    this.#onRevoked = onRevoked;
    this.commands = {
      createAPIToken: (parameters, caller) => this.#create(parameters, caller),
      getAPIToken: ({ token }, caller) => describe(store.find(token, caller)),
      getAPITokens: (filters, caller) => store.list(filters, caller).map((record) => describe(record)),
      deleteAPIToken: ({ token }, caller) => this.#delete(token, caller),
    };
  }

  static async open(
    state: State,
    clock: ServiceClock,
    events: ServiceEvents,
    isEnabled: boolean,
    revocations: Revocations,
    onRevoked: () => void,
  ): Promise<ApiTokens> {
    const records = await state.collection<ApiTokenRecord>('apiTokens');
    return new ApiTokens(new TokenStore(records, clock, events, describe), isEnabled, revocations, onRevoked);
  }

  /** One that lets in now. */
  get(token: string): Readonly<ApiTokenRecord> | undefined {
    return this.isEnabled ? this.store.get(token) : undefined;
  }

  async #create(
    { permissions, path, ...given }: Parameters<'createAPIToken'>,
    caller: ApiCaller,
  ): Promise<APIToken> {
    if (!this.isEnabled) throw new JetStreamError('permission-denied', 'this server has API tokens off');
    if (caller.token !== null) {
      throw new JetStreamError('permission-denied', 'a token makes no tokens: log in as the account');
    }
    // Whether it is there is seen when it is used; what no path could be is seen now.
    if (path !== null) narrowSandbox(SYSTEM_ROOT, path);
    const { record, secret } = await this.store.create(given, caller, { permissions, path });
    return describe(record, secret);
  }

  async #delete(token: string, caller: ApiCaller): Promise<null> {
    const record = this.store.find(token, caller);
    const revocation = this.#revocations.draft(record);
    await this.store.delete(record, revocation.changes);
    this.#onRevoked();
    revocation.onDurable();
    return null;
  }
}

function describe(record: Readonly<ApiTokenRecord>, secret: string | null = null): APIToken {
  return { ...describeToken(record), secret, permissions: record.permissions, path: record.path };
}
