import * as platform from '@jetstream/platform';
import { MAX_PASSWORD_BYTES, MAX_USER_NAME_BYTES } from '@jetstream/protocol';
import type { AccountStanding } from './account-standing.ts';
import type { Guarded, LoginGuard } from './login-guard.ts';
import type { PamHelpers } from './pam/pam-helpers.ts';
import { type AccountDatabase, refused, usableAccount } from './usable-account.ts';

/** More than PAM takes for a wrong password, its delay of up to 2.5 s counted, where no module waits for a directory server. */
const REFUSAL_STEP_MS = 3_000;

export interface PasswordAttempt {
  user: string;
  password: string;
  /** The client's IP address. */
  remote: string;
}

export interface PasswordLoginContext {
  guard: LoginGuard;
  passwords: Pick<PamHelpers, 'check'>;
  standing: Pick<AccountStanding, 'demandOpen'>;
  /** Default: this machine's. */
  accounts?: AccountDatabase;
  /** Told why no password can be checked at all. */
  onUnavailable?: (why: string) => void;
}

/**
 * Decides about a login by password: PAM says whether it is the user's and the account is in use. PAM is asked first, and about
 * everybody alike, also where the answer will not matter: users that do not exist, and those that this server cannot act as (LG-7).
 */
export function authenticateByPassword(
  attempt: PasswordAttempt,
  context: PasswordLoginContext,
): Promise<Guarded<platform.Account>> {
  const { user, remote } = attempt;
  const { guard, standing, accounts = platform } = context;
  return guard.guard({ remote, account: user, refusalStepMs: REFUSAL_STEP_MS }, async (holdRefusal) => {
    await checkPassword(attempt, context, holdRefusal);
    return standing.demandOpen(usableAccount(user, accounts), remote);
  });
}

/** @throws the reason of the refusal */
async function checkPassword(
  { user, password, remote }: PasswordAttempt,
  { passwords, onUnavailable }: PasswordLoginContext,
  holdRefusal: (ms: number) => void,
): Promise<void> {
  const bytes = Buffer.from(password, 'utf8');
  if (!isUserName(user)) throw refused('the name cannot be one of a user');
  if (bytes.length === 0 || bytes.length > MAX_PASSWORD_BYTES || bytes.includes(0))
    throw refused('the password is empty, too long, or has a NUL in it');
  const answer = await passwords.check(user, bytes, remote);
  if ('unavailable' in answer) {
    onUnavailable?.(answer.unavailable);
    throw refused(`passwords cannot be checked: ${answer.unavailable}`);
  }
  holdRefusal(answer.failDelayMs);
  if (!answer.accepted) throw refused(`PAM: ${answer.reason}`);
}

/** A name that cannot be one gets nowhere near PAM, whose modules make paths and queries of it. */
function isUserName(user: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
  return user.length > 0 && Buffer.byteLength(user) <= MAX_USER_NAME_BYTES && !/[\x00-\x20\x7f:/]/.test(user);
}
