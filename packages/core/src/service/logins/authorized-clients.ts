import type { ApiHandlers, AuthorizedClient, AuthorizedClients as Listed } from '@jetstream/api';
import type { AccountDatabase } from '@jetstream/auth';
import * as platform from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import type { Collection, State } from '@jetstream/state';
import type { ServiceEvents } from '../events.ts';
import type { ServicePart } from '../part.ts';
import type { Setting, Settings } from '../settings/settings.ts';

const KEY_BYTES = 32;

type Accounts = Pick<AccountDatabase, 'lookUpAccount'>;

/** Sending servers whose host key is trusted: the handshake proves it, so that their logins need nothing else. */
export class AuthorizedClients implements ServicePart {
  readonly commands = {
    'recv.addAuthorizedClientAsync': ({ clientPublicKey, account }) => this.#add(clientPublicKey, account),
    'recv.removeAuthorizedClientAsync': async ({ clientPublicKey }) => {
      const key = canonical(clientPublicKey);
      if (!this.#clients.has(key))
        throw new JetStreamError('not-found', `the key ${key} is not listed`, { subject: key });
      await this.#clients.delete(key);
      this.#onChange();
      return null;
    },
    'recv.allowOnlyAuthorizedClientsAsync': async ({ onlyAuthorizedClientsAllowed }) => {
      await this.#only.set(onlyAuthorizedClientsAllowed);
      this.#onChange();
      return this.#list();
    },
    'recv.getAuthorizedClients': () => this.#list(),
  } satisfies Partial<ApiHandlers>;
  readonly #clients: Collection<AuthorizedClient>;
  readonly #only: Setting<boolean>;
  readonly #events: ServiceEvents;
  readonly #accounts: Accounts;
  /** Set by whoever has connections that may have to end. */
  onChange: () => void = () => undefined;

  private constructor(
    clients: Collection<AuthorizedClient>,
    only: Setting<boolean>,
    events: ServiceEvents,
    accounts: Accounts,
  ) {
    this.#accounts = accounts;
    this.#clients = clients;
    this.#only = only;
    this.#events = events;
  }

  static async open(
    state: State,
    settings: Settings,
    events: ServiceEvents,
    accounts: Accounts = platform,
  ): Promise<AuthorizedClients> {
    const clients = await state.collection<AuthorizedClient>('authorizedClients', { decode: asClient });
    // Whatever is stored and is not plainly "no" keeps strangers out.
    const only = settings.setting('onlyAuthorizedClientsAllowed', false, (stored) => stored !== false);
    return new AuthorizedClients(clients, only, events, accounts);
  }

  serverInfo() {
    return { receiver: { onlyAuthorizedClientsAllowed: this.isExclusive } };
  }

  /** Nobody else may connect. */
  get isExclusive(): boolean {
    return this.#only.value;
  }

  /** @param key static key of a client, as the handshake proved it */
  find(key: Uint8Array): Readonly<AuthorizedClient> | undefined {
    return this.#clients.get(Buffer.from(key).toString('base64'));
  }

  async #add(clientPublicKey: string, account: string | null): Promise<AuthorizedClient> {
    if (account !== null && this.#accounts.lookUpAccount(account) === undefined)
      throw new JetStreamError('not-found', `there is no account ${account}`, { subject: account });
    const key = canonical(clientPublicKey);
    const client = { clientPublicKey: key, account };
    await this.#clients.put(key, client);
    this.#onChange();
    return client;
  }

  #list(): Listed {
    const clients = [...this.#clients.values()].sort((a, b) =>
      a.clientPublicKey < b.clientPublicKey ? -1 : 1,
    );
    return { onlyAuthorizedClientsAllowed: this.isExclusive, clients };
  }

  #onChange(): void {
    this.#events.emit('settingsUpdated', { ...this.#list() });
    this.onChange();
  }
}

function canonical(clientPublicKey: string): string {
  return Buffer.from(clientPublicKey, 'base64').toString('base64');
}

function asClient(value: unknown): AuthorizedClient | undefined {
  const { clientPublicKey, account } = value as Partial<AuthorizedClient>;
  const isKey =
    typeof clientPublicKey === 'string' && Buffer.from(clientPublicKey, 'base64').length === KEY_BYTES;
  const isAccount = account === null || typeof account === 'string';
  return isKey && isAccount ? { clientPublicKey, account } : undefined;
}
