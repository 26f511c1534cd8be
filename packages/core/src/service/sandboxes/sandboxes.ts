import { join } from 'node:path';
import type { ApiHandlers, SandboxMapping as ShownMapping } from '@jetstream/api';
import {
  checkSandboxMapping,
  expandSandboxMapping,
  narrowSandbox,
  type SandboxMapping,
  type SandboxRule,
  SYSTEM_ROOT,
} from '@jetstream/manifest';
import type { Account } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import type { Collection, State } from '@jetstream/state';
import type { ServicePart } from '../part.ts';
import { SandboxedUsers } from './sandboxed-users.ts';
import { prepareUserDirectory } from './user-directory.ts';

export interface SandboxesOptions {
  /** Of everyone, from the command line; may hold `%u %d %f %%`. Default: none, the system's root. */
  sandboxDirectory?: string | undefined;
}

/** What part of the machine one user sees, or everyone who has no mapping. */
interface StoredMapping {
  user: string;
  mapping: SandboxMapping;
}

const EVERYONE = '';
/** An id of a collection cannot be empty; no account name holds a slash. */
const EVERYONE_ID = '/';

type SandboxCommands = Pick<ApiHandlers, 'setSandboxMapping' | 'getSandboxMappings' | 'deleteSandboxMapping'>;

/**
 * What part of the machine each account sees: by its own mapping, else that of everyone, else all of it. That of everyone is the one of the
 * command line, where there is one, and cannot be changed then.
 */
export class Sandboxes implements ServicePart {
  readonly commands: SandboxCommands;
  readonly #frozen: SandboxMapping | undefined;
  readonly #stored: Collection<StoredMapping>;
  readonly #users: SandboxedUsers;

  private constructor(
    { sandboxDirectory }: SandboxesOptions,
    stored: Collection<StoredMapping>,
    users: SandboxedUsers,
  ) {
    this.#frozen = sandboxDirectory === undefined ? undefined : { [EVERYONE]: sandboxDirectory };
    if (this.#frozen !== undefined) checkSandboxMapping(this.#frozen);
    this.#stored = stored;
    this.#users = users;
    this.commands = {
      setSandboxMapping: ({ user, mapping }) => this.#set(user, mapping),
      getSandboxMappings: () => this.#shown(),
      deleteSandboxMapping: ({ user }) => this.#delete(user),
    };
  }

  /** @throws JetStreamError `invalid-argument` for the option; `io-error` and the like */
  static async open(options: SandboxesOptions, state: State, stateDirectory: string): Promise<Sandboxes> {
    const stored = await state.collection<StoredMapping>('sandboxMappings', { decode: decodeMapping });
    return new Sandboxes(options, stored, new SandboxedUsers(join(stateDirectory, 'sandboxed-users.json')));
  }

  serverInfo() {
    return { sandboxed: this.#frozen !== undefined || this.#stored.has(EVERYONE_ID) };
  }

  /**
   * The rule that all paths of an account are held to, and a directory of its own made where the rule has one.
   * @param path a part of what the account sees, to be all that is seen; null: all of it
   * @throws JetStreamError when the account can have no sandbox by its mapping, its directory cannot be made, or the path is refused
   */
  ruleFor(account: Account, path: string | null = null): SandboxRule {
    const mapping = this.#mappingOf(account.name);
    if (mapping === undefined) return narrowSandbox(SYSTEM_ROOT, path ?? '');
    const rule = expandSandboxMapping(mapping, account);
    for (const mount of rule.mounts) prepareUserDirectory(mount, account);
    return narrowSandbox(rule, path ?? '');
  }

  #mappingOf(user: string): SandboxMapping | undefined {
    const own = this.#stored.get(user)?.mapping ?? this.#refuseIfLost(user);
    if (own !== undefined || this.#frozen !== undefined) return own ?? this.#frozen;
    return this.#stored.get(EVERYONE_ID)?.mapping ?? this.#refuseIfLost(EVERYONE);
  }

  /** Fails closed: who had a sandbox sees nothing until it is set again. */
  #refuseIfLost(user: string): undefined {
    if (!this.#users.mayHave(user)) return undefined;
    throw new JetStreamError(
      'permission-denied',
      `the sandbox mapping of ${user === EVERYONE ? 'everyone' : JSON.stringify(user)} is lost: a superuser has to set or delete it again`,
      { subject: user },
    );
  }

  async #set(user: string, shown: ShownMapping): Promise<null> {
    this.#refuseFrozen(user);
    const mapping = Object.fromEntries(Object.entries(shown).map(([name, { path }]) => [name, path]));
    checkSandboxMapping(mapping);
    this.#users.replace([...this.#named(), user]);
    await this.#stored.put(idOf(user), { user, mapping });
    return null;
  }

  async #delete(user: string): Promise<null> {
    this.#refuseFrozen(user);
    if (!this.#stored.has(idOf(user)) && !this.#users.mayHave(user)) {
      throw new JetStreamError('not-found', `there is no sandbox mapping of ${JSON.stringify(user)}`, {
        subject: user,
      });
    }
    await this.#stored.delete(idOf(user));
    this.#users.replace(this.#named().filter((name) => name !== user));
    return null;
  }

  #named(): string[] {
    return [...this.#users.names, ...[...this.#stored.values()].map(({ user }) => user)];
  }

  #refuseFrozen(user: string): void {
    if (user !== EVERYONE || this.#frozen === undefined) return;
    throw new JetStreamError(
      'conflict',
      'what everyone sees is set by --sandbox-dir: start the server without it to change that here',
    );
  }

  #shown(): Record<string, ShownMapping> {
    const all = [...this.#stored.values()];
    if (this.#frozen !== undefined) all.push({ user: EVERYONE, mapping: this.#frozen });
    return Object.fromEntries(all.map(({ user, mapping }) => [user, shownMapping(mapping)]));
  }
}

function idOf(user: string): string {
  return user === EVERYONE ? EVERYONE_ID : user;
}

function shownMapping(mapping: SandboxMapping): ShownMapping {
  return Object.fromEntries(
    Object.entries(mapping).map(([name, path]) => [name, { type: 'File' as const, path }]),
  );
}

function decodeMapping(value: unknown): StoredMapping | undefined {
  const { user, mapping } = value as Partial<StoredMapping>;
  if (typeof user !== 'string' || typeof mapping !== 'object' || mapping === null) return undefined;
  try {
    checkSandboxMapping(mapping);
    return { user, mapping };
  } catch {
    return undefined;
  }
}
