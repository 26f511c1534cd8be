import { statSync } from 'node:fs';
import { join } from 'node:path';
import * as platform from '@jetstream/platform';
import { PamHelpers } from './pam/pam-helpers.ts';
import { type AccountDatabase, refused } from './usable-account.ts';

const SERVICE = 'jetstream';
/** Where Linux-PAM looks for the rules of a service. */
const PAM_DIRECTORIES = ['/etc/pam.d', '/usr/etc/pam.d', '/usr/lib/pam.d'];
/** So long it is believed that PAM lets an account in. */
const OPEN_FOR_MS = 30_000;
const MAX_REMEMBERED = 4_096;
/** A login over UDP has 10 s from the first packet on. */
const DEADLINE_MS = 8_000;
const MAX_HELPERS = 2;

/** Whether an account may be used now. */
export interface Standing {
  /** Somebody may log in to it. */
  isOpen: boolean;
  /** Why not, for the server's log alone. */
  reason: string;
  /**
   * It is the account itself that may not be used, so that whoever is in has to leave. Otherwise it is the moment (pam_nologin(8)), or
   * a password that has to be changed; or the system could not say.
   */
  isClosed: boolean;
}

export interface AccountStandingOptions {
  /** Default: this machine's. */
  accounts?: AccountDatabase;
  shadow?: Pick<platform.ShadowFile, 'refusalOf'>;
  pam?: Pick<PamHelpers, 'check' | 'prepare' | 'close'>;
  /** Where the rules of PAM's service `jetstream` are looked for. */
  pamDirectories?: readonly string[];
  /** Of a monotonic clock. */
  nowMs?: () => number;
  /** Milliseconds since 1970. */
  wallClockMs?: () => number;
}

const OPEN: Standing = { isOpen: true, reason: '', isClosed: false };

/**
 * Whether accounts may be used now, whatever one logs in by: shadow(5) must not say that an account has expired or that its password was
 * locked, and where PAM has rules for the service `jetstream`, its account management must agree, as at sshd with `UsePAM`. That it
 * agreed counts for 30 s. A server that acts as its own account alone asks nobody.
 */
export class AccountStanding {
  readonly #accounts: AccountDatabase;
  readonly #shadow: Pick<platform.ShadowFile, 'refusalOf'>;
  readonly #pam: Pick<PamHelpers, 'check' | 'prepare' | 'close'>;
  readonly #pamDirectories: readonly string[];
  readonly #nowMs: () => number;
  readonly #wallClockMs: () => number;
  /** What PAM agreed to, and until when that counts; the oldest first. */
  readonly #agreed = new Map<string, number>();
  readonly #asking = new Map<string, Promise<Standing>>();

  constructor(options: AccountStandingOptions = {}) {
    this.#accounts = options.accounts ?? platform;
    this.#shadow = options.shadow ?? new platform.ShadowFile();
    // Not those that check passwords: who guesses at these keeps nobody waiting here. One stays, for a start takes 0.1 s.
    this.#pam =
      options.pam ??
      new PamHelpers({
        maxHelpers: MAX_HELPERS,
        keptHelpers: 1,
        maxOfOneAddress: Number.POSITIVE_INFINITY,
        deadlineMs: DEADLINE_MS,
      });
    this.#pamDirectories = options.pamDirectories ?? PAM_DIRECTORIES;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#wallClockMs = options.wallClockMs ?? Date.now;
  }

  /** Nobody shall wait for the start of a helper. */
  prepare(): void {
    if (this.#accounts.canActAsOthers() && this.#hasRules()) this.#pam.prepare();
  }

  /**
   * @param account a name as the system has it
   * @param remote IP address that it is used from; undefined: the server acts for it, and nobody is there
   */
  async of(account: string, remote: string | undefined): Promise<Standing> {
    try {
      return await this.#judge(account, remote);
    } catch (error) {
      const why = `the account cannot be checked: ${error instanceof Error ? error.message : error}`;
      return { isOpen: false, reason: why, isClosed: false };
    }
  }

  /**
   * @returns the account
   * @throws JetStreamError `login-refused` with the reason, for the server's log alone, unless somebody may log in to it from there; why
   *   it cannot be checked
   */
  async demandOpen<A extends Pick<platform.Account, 'name'>>(account: A, remote: string): Promise<A> {
    const { isOpen, reason } = await this.#judge(account.name, remote);
    if (!isOpen) throw refused(reason);
    return account;
  }

  /**
   * Why the account is closed by what the system's files say alone; undefined when they say nothing against it.
   * @throws JetStreamError when they cannot be read
   */
  closedByShadow(account: string): string | undefined {
    return this.#accounts.canActAsOthers() ? this.#shadow.refusalOf(account, this.#wallClockMs()) : undefined;
  }

  close(): void {
    this.#pam.close();
  }

  /** Without rules of its own for JetStream, PAM would take those of `other`, on some systems nobody. */
  #hasRules(): boolean {
    return this.#pamDirectories.some(
      (directory) => statSync(join(directory, SERVICE), { throwIfNoEntry: false }) !== undefined,
    );
  }

  async #judge(account: string, remote: string | undefined): Promise<Standing> {
    const reason = this.closedByShadow(account);
    if (reason !== undefined) return { isOpen: false, reason, isClosed: true };
    if (!this.#accounts.canActAsOthers() || !this.#hasRules()) return OPEN;
    const key = `${account}\0${remote ?? ''}`;
    if (this.#nowMs() < (this.#agreed.get(key) ?? 0)) return OPEN;
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#ask(account, remote, key).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  async #ask(account: string, remote: string | undefined, key: string): Promise<Standing> {
    const untilMs = this.#nowMs() + OPEN_FOR_MS;
    const answer = await this.#pam.check(account, undefined, remote);
    if ('unavailable' in answer) throw new Error(answer.unavailable);
    const { accepted, reason, isClosed } = answer;
    if (!accepted) return { isOpen: false, reason: `PAM: ${reason}`, isClosed };
    this.#agreed.delete(key);
    this.#agreed.set(key, untilMs);
    if (this.#agreed.size > MAX_REMEMBERED) this.#agreed.delete(this.#agreed.keys().next().value!);
    return OPEN;
  }
}
