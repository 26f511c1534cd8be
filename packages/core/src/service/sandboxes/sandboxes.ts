import {
  checkSandboxMapping,
  expandSandboxMapping,
  type SandboxMapping,
  type SandboxRule,
  SYSTEM_ROOT,
} from '@jetstream/manifest';
import type { Account } from '@jetstream/platform';
import type { ServicePart } from '../part.ts';
import { prepareUserDirectory } from './user-directory.ts';

export interface SandboxesOptions {
  /** Of everyone, from the command line; may hold `%u %d %f %%`. Default: none, the system's root. */
  sandboxDirectory?: string | undefined;
}

/** What part of the machine each account sees. */
export class Sandboxes implements ServicePart {
  readonly #everyone: SandboxMapping | undefined;

  /** @throws JetStreamError `invalid-argument` */
  constructor({ sandboxDirectory }: SandboxesOptions) {
    this.#everyone = sandboxDirectory === undefined ? undefined : { '': sandboxDirectory };
    if (this.#everyone !== undefined) checkSandboxMapping(this.#everyone);
  }

  serverInfo() {
    return { sandboxed: this.#everyone !== undefined };
  }

  /**
   * The rule that all paths of an account are held to, and a directory of its own made where the rule has one.
   * @throws JetStreamError when the account can have no sandbox by its mapping, or its directory cannot be made
   */
  ruleFor(account: Account): SandboxRule {
    const mapping = this.#everyone;
    if (mapping === undefined) return SYSTEM_ROOT;
    const rule = expandSandboxMapping(mapping, account);
    for (const mount of rule.mounts) prepareUserDirectory(mount, account);
    return rule;
  }
}
