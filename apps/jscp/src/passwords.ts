import { userInfo } from 'node:os';
import { askPassword } from '@jetstream/core';
import type { JetStreamError } from '@jetstream/protocol';
import type { JscpOptions } from './options.ts';
import { printable } from './printable.ts';

const MAX_QUESTIONS = 3;

/** What to log in with when no key does, or no token by itself. */
export type PasswordLogin =
  | {
      password: string;
      /** false: they were refused a moment ago. */
      offerKeys: boolean;
    }
  | { tokenPassword: string };

/** The password of one copy: `$JETSTREAM_PASSWORD`, or what somebody types when it turns out that no key lets in. */
export class Passwords {
  readonly #options: JscpOptions;
  readonly #interactive: boolean;
  readonly #signal: AbortSignal;
  #questions = 0;
  current: PasswordLogin | undefined;

  constructor(options: JscpOptions, interactive: boolean, signal: AbortSignal) {
    this.#options = options;
    this.#interactive = interactive;
    this.#signal = signal;
    const { JETSTREAM_PASSWORD: given } = process.env;
    // What this process starts has no need of it.
    delete process.env.JETSTREAM_PASSWORD;
    if (given && options.token === undefined) this.current = { password: given, offerKeys: true };
  }

  /**
   * Gets another one after `error`.
   * @returns false when there is nobody to ask, or nothing to ask for
   * @throws JetStreamError `cancelled`
   */
  async next({ code }: JetStreamError): Promise<boolean> {
    const { token } = this.#options;
    const isGiven = this.#questions === 0 && (this.current ?? token?.password) !== undefined;
    if (code !== 'login-refused' || !this.#interactive || isGiven) return false;
    if (this.#questions++ === MAX_QUESTIONS) return false;
    const { host, user = userInfo().username } = this.#options.plan;
    const whose =
      token === undefined ? `${user} at ${host}` : `the token for ${host}, which is refused without one`;
    const password = await askPassword(`Password of ${printable(whose)}: `, this.#signal);
    this.current = token === undefined ? { password, offerKeys: false } : { tokenPassword: password };
    return password !== '';
  }
}
