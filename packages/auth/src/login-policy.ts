import { isAbsolute, join } from 'node:path';
import * as platform from '@jetstream/platform';
import type { AccountStanding } from './account-standing.ts';
import { type AuthorizedKey, parseAuthorizedKeys } from './authorized-keys.ts';
import { configDirectory } from './config-directory.ts';
import type { Guarded, LoginGuard } from './login-guard.ts';
import { loginSignatureInput, verifyLoginSignature } from './login-signature.ts';
import { readStrictly } from './strict-modes.ts';
import { type AccountDatabase, refused, usableAccount } from './usable-account.ts';

/** LG-3. */
const MAX_OFFERED_KEYS = 8;
const MAX_AUTHORIZED_KEYS_BYTES = 1024 * 1024;
/** Far more than it takes to find out. */
const REFUSAL_STEP_MS = 250;

export interface LoginAttempt {
  user: string;
  offers: readonly { publicKey: Uint8Array; signature: Uint8Array }[];
  handshakeHash: Uint8Array;
  /** The client's IP address. */
  remote: string;
}

export interface LoginContext {
  stateDirectory: string;
  guard: LoginGuard;
  /** Asked of accounts that one of the keys is listed for. */
  standing: Pick<AccountStanding, 'demandOpen'>;
  /** Default: this machine's. */
  accounts?: AccountDatabase;
  /** Milliseconds since 1970, for `expiry-time`; default now. */
  wallClockMs?: number;
}

/**
 * Decides about a login by public key (LG-2): a key that is listed for the account and whose signature is valid lets in.
 * Keys are listed in the account's `~/.ssh/authorized_keys`, and for the account that runs the server also in the state
 * directory's `authorized_keys`. From this machine, the account's own identity counts as listed. A server that cannot act as
 * others lets in only the account that runs it. No shell is needed, but an account that may be used now (LG-11).
 */
export function authenticate(
  attempt: LoginAttempt,
  context: LoginContext,
): Promise<Guarded<platform.Account>> {
  const { remote } = attempt;
  return context.guard.guard({ remote, refusalStepMs: REFUSAL_STEP_MS }, () => accountFor(attempt, context));
}

/** @throws the reason of the refusal */
async function accountFor(attempt: LoginAttempt, context: LoginContext): Promise<platform.Account> {
  const accounts = context.accounts ?? platform;
  // Before anything about the user is known: the work is the same for all.
  const provenKeys = verifyOffers(attempt);
  const account = usableAccount(attempt.user, accounts);
  if (provenKeys.length === 0) throw refused('no key was offered with a valid signature');

  const reasons: string[] = [];
  let isListed = false;
  const files = keyFilesOf(account, account.name === accounts.currentUser().name, attempt.remote, context);
  for (const [topDirectory, name] of files) {
    const file = join(topDirectory, name);
    try {
      const text = await readStrictly(file, {
        ownerUid: account.uid,
        topDirectory,
        maxBytes: MAX_AUTHORIZED_KEYS_BYTES,
      });
      const listed = parseAuthorizedKeys(text).filter((line) =>
        provenKeys.some((key) => key.equals(line.publicKeyBlob)),
      );
      const refusals = listed.map((line) => refusalOf(line, context.wallClockMs ?? Date.now()));
      if (refusals.includes(undefined)) {
        isListed = true;
        break;
      }
      reasons.push(
        ...(listed.length === 0
          ? [`none of the keys is in ${file}`]
          : refusals.map((why) => `${file} ${why}`)),
      );
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  if (!isListed) throw refused(reasons.join('; ') || 'the account has no authorized_keys');
  // Only now, as at sshd: by its time and by what PAM does, it would tell strangers of the account.
  return context.standing.demandOpen(account, attempt.remote);
}

/** Each with the directory that is checked along with it. */
function keyFilesOf(
  { homeDirectory: home }: platform.Account,
  isOwn: boolean,
  remote: string,
  { stateDirectory }: LoginContext,
): [topDirectory: string, file: string][] {
  const isLocal = platform.isLoopback(remote);
  const files: [string, string][] = [];
  if (isOwn) files.push([stateDirectory, 'authorized_keys']);
  if (isOwn && isLocal) files.push([configDirectory(), 'identity.pub']);
  if (isAbsolute(home)) {
    files.push([home, '.ssh/authorized_keys']);
    if (isLocal) files.push([home, '.config/jetstream/identity.pub']);
  }
  return files;
}

function verifyOffers({ offers, handshakeHash, user }: LoginAttempt): Buffer[] {
  if (offers.length > MAX_OFFERED_KEYS) throw refused('more than 8 keys were offered');
  const input = loginSignatureInput(handshakeHash, user);
  return offers
    .filter(({ publicKey, signature }) => verifyLoginSignature(publicKey, signature, input))
    .map(({ publicKey }) => Buffer.from(publicKey));
}

function refusalOf(line: AuthorizedKey, wallClockMs: number): string | undefined {
  if (line.refusal !== undefined) return `line ${line.lineNumber}: ${line.refusal}`;
  return wallClockMs >= line.expiresAtMs ? `line ${line.lineNumber}: the key has expired` : undefined;
}
