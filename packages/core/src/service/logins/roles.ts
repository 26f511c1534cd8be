import type { ApiHandlers, Parameters, Wrangler } from '@jetstream/api';
import type { AccountDatabase } from '@jetstream/auth';
import * as platform from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import type { Collection, State } from '@jetstream/state';
import type { ServicePart } from '../part.ts';

/** Whose members run a system, by the custom of Debian, of Red Hat and of macOS: the first that there is. */
const ADMINISTRATORS = ['sudo', 'wheel', 'admin'];

export interface RolesOptions {
  /** Names of accounts. Default: none beside the account that runs the server. */
  superusers?: readonly string[] | undefined;
  /** Names of groups. Default: the system's group of administrators. */
  supergroups?: readonly string[] | undefined;
}

/** Accounts and groups of this machine; @jetstream/platform is one. */
export type GroupDatabase = Pick<AccountDatabase, 'currentUser' | 'lookUpAccount'> & {
  lookUpGroupId(name: string): number | undefined;
};

/** Who may raise a session: superusers by the command line, wranglers by superusers. The system is asked each time. */
export class Roles implements ServicePart {
  readonly commands = {
    addWranglerAsync: (who) => this.#add(who),
    deleteWrangler: async (who) => {
      const id = idOf(asWrangler(who));
      if (!this.#wranglers.has(id)) {
        throw new JetStreamError('not-found', `${id} is no wrangler`, { subject: id });
      }
      await this.#wranglers.delete(id);
      return null;
    },
    getWranglers: () =>
      [...this.#wranglers.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one),
  } satisfies Partial<ApiHandlers>;
  readonly #options: RolesOptions;
  readonly #wranglers: Collection<Wrangler>;
  readonly #accounts: GroupDatabase;

  constructor(options: RolesOptions, wranglers: Collection<Wrangler>, accounts: GroupDatabase = platform) {
    this.#options = options;
    this.#wranglers = wranglers;
    this.#accounts = accounts;
  }

  static async open(options: RolesOptions, state: State): Promise<Roles> {
    return new Roles(options, await state.collection<Wrangler>('wranglers', { decode: decodeWrangler }));
  }

  /** @throws JetStreamError `io-error` when the system cannot say */
  mayBeSuperuser(account: string): boolean {
    if (account === this.#accounts.currentUser().name) return true;
    const { superusers = [], supergroups } = this.#options;
    if (superusers.includes(account)) return true;
    return this.#isInOneOf(account, supergroups ?? this.#administrators());
  }

  /** Superusers may, too. @throws JetStreamError `io-error` when the system cannot say */
  mayBeWrangler(account: string): boolean {
    if (this.#wranglers.has(idOf({ user: account, group: null })) || this.mayBeSuperuser(account))
      return true;
    const groups = [...this.#wranglers.values()].flatMap(({ group }) => group ?? []);
    return this.#isInOneOf(account, groups);
  }

  #administrators(): string[] {
    const found = ADMINISTRATORS.find((group) => this.#accounts.lookUpGroupId(group) !== undefined);
    return found === undefined ? [] : [found];
  }

  #isInOneOf(account: string, groups: readonly string[]): boolean {
    if (groups.length === 0) return false;
    const ids = this.#accounts.lookUpAccount(account)?.groups ?? [];
    return groups.some((group) => {
      const id = this.#accounts.lookUpGroupId(group);
      return id !== undefined && ids.includes(id);
    });
  }

  async #add(who: Parameters<'addWranglerAsync'>): Promise<Wrangler> {
    const wrangler = asWrangler(who);
    const { user, group } = wrangler;
    const isThere =
      user !== null
        ? this.#accounts.lookUpAccount(user) !== undefined
        : this.#accounts.lookUpGroupId(group!) !== undefined;
    if (!isThere) throw notFound(idOf(wrangler));
    await this.#wranglers.put(idOf(wrangler), wrangler);
    return wrangler;
  }
}

function asWrangler({
  user = null,
  group = null,
}: {
  user?: string | null | undefined;
  group?: string | null | undefined;
}): Wrangler {
  return { user, group };
}

function idOf({ user, group }: Wrangler): string {
  return user !== null ? `user ${user}` : `group ${group}`;
}

function notFound(what: string): JetStreamError {
  return new JetStreamError('not-found', `there is no ${what}`, { subject: what });
}

function decodeWrangler(value: unknown): Wrangler | undefined {
  const { user, group } = value as Partial<Wrangler>;
  if (typeof user === 'string' && group === null) return { user, group };
  if (typeof group === 'string' && user === null) return { user, group };
  return undefined;
}
