import { isAbsolute, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as platform from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { type AuthorizedKey, parseAuthorizedKeys } from './authorized-keys.ts';
import type { LoginLimiter } from './login-limiter.ts';
import { loginSignatureInput, verifyLoginSignature } from './login-signature.ts';
import { readStrictly } from './strict-modes.ts';

/** LG-3. */
const MAX_OFFERED_KEYS = 8;
const MAX_AUTHORIZED_KEYS_BYTES = 1024 * 1024;
/** How long after the attempt a refusal is given, whatever it took to find out: LG-4 for whoever has a watch. */
const REFUSAL_DELAY_MS = 250;

export interface LoginAttempt {
  user: string;
  offers: readonly { publicKey: Uint8Array; signature: Uint8Array }[];
  handshakeHash: Uint8Array;
  /** The client's IP address. */
  remote: string;
}

/** What the policy asks about the accounts of this machine; @jetstream/platform is one. */
export interface AccountDatabase {
  currentUser(): platform.Account;
  lookUpAccount(name: string): platform.Account | undefined;
  /** Whether this process may act as other accounts than its own. */
  canActAsOthers(): boolean;
}

export interface LoginContext {
  stateDirectory: string;
  limiter: LoginLimiter;
  /** Of any monotonic clock. */
  nowMs: number;
  /** Default: this machine's. */
  accounts?: AccountDatabase;
  /** Milliseconds since 1970, for `expiry-time`; default now. */
  wallClockMs?: number;
}

export type LoginOutcome =
  | { accepted: true; account: platform.Account }
  /** `reason` is for the server's log alone (LG-4). `limited`: too many failures from this address; nothing was looked at. */
  | { accepted: false; reason: string; limited: boolean };

/**
 * Decides about a login by public key (LG-2): a key that is listed for the account and whose signature is valid lets in.
 * Keys are listed in the account's `~/.ssh/authorized_keys`, and for the account that runs the server also in the state
 * directory's `authorized_keys`. A server that cannot act as others lets in only the account that runs it. No shell is needed.
 */
export async function authenticate(attempt: LoginAttempt, context: LoginContext): Promise<LoginOutcome> {
  const { limiter, nowMs } = context;
  if (limiter.isBlocked(attempt.remote, nowMs)) {
    return { accepted: false, reason: 'too many failed logins from this address', limited: true };
  }
  const startMs = performance.now();
  try {
    const account = await accountFor(attempt, context);
    limiter.succeeded(attempt.remote);
    return { accepted: true, account };
  } catch (error) {
    // Fail closed: whatever went wrong, nobody gets in.
    limiter.failed(attempt.remote, nowMs);
    await pause(REFUSAL_DELAY_MS - (performance.now() - startMs));
    return {
      accepted: false,
      reason: error instanceof Error ? error.message : String(error),
      limited: false,
    };
  }
}

/** @throws the reason of the refusal */
async function accountFor(attempt: LoginAttempt, context: LoginContext): Promise<platform.Account> {
  const accounts = context.accounts ?? platform;
  // Before anything about the user is known: the work is the same for all.
  const provenKeys = verifyOffers(attempt);
  const own = accounts.currentUser();
  const isOwn = attempt.user === own.name;
  if (!isOwn && !accounts.canActAsOthers()) throw refused('this server takes only the account that runs it');
  const account = isOwn ? own : accounts.lookUpAccount(attempt.user);
  if (account === undefined) throw refused('there is no such account');
  if (provenKeys.length === 0) throw refused('no key was offered with a valid signature');

  const files = isOwn
    ? [{ file: join(context.stateDirectory, 'authorized_keys'), top: context.stateDirectory }]
    : [];
  if (isAbsolute(account.homeDirectory)) {
    files.push({ file: join(account.homeDirectory, '.ssh', 'authorized_keys'), top: account.homeDirectory });
  }
  const reasons: string[] = [];
  for (const { file, top } of files) {
    try {
      const text = await readStrictly(file, {
        ownerUid: account.uid,
        topDirectory: top,
        maxBytes: MAX_AUTHORIZED_KEYS_BYTES,
      });
      const listed = parseAuthorizedKeys(text).filter((line) =>
        provenKeys.some((key) => key.equals(line.publicKeyBlob)),
      );
      const refusals = listed.map((line) => refusalOf(line, context.wallClockMs ?? Date.now()));
      if (refusals.includes(undefined)) return account;
      reasons.push(
        ...(listed.length === 0
          ? [`none of the keys is in ${file}`]
          : refusals.map((why) => `${file} ${why}`)),
      );
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw refused(reasons.join('; ') || 'the account has no authorized_keys');
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

function refused(reason: string): JetStreamError {
  return new JetStreamError('login-refused', reason);
}
