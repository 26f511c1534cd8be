import type { SandboxRule } from '@jetstream/manifest';
import type { Account } from '@jetstream/platform';
import { accountNamed, actsAs } from './account.ts';
import type { Sandboxes } from './sandboxes/sandboxes.ts';

/** By whose rights files are reached, and beneath what. */
export interface OwnerAccess {
  /** undefined: as the process. */
  actAs: Account | undefined;
  sandbox: SandboxRule;
}

/** How the files of an account are reached, as things are now. */
export type AccessOf = (owner: string, sandboxPath: string | null) => OwnerAccess;

/** What it gives throws JetStreamError `permission-denied` for an account that this server cannot act as. */
export function ownerAccess(sandboxes: Sandboxes): AccessOf {
  return (owner, sandboxPath) => {
    const account = accountNamed(owner);
    return { actAs: actsAs(account), sandbox: sandboxes.ruleFor(account, sandboxPath) };
  };
}
