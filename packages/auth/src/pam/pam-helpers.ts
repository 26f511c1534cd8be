import { JetStreamError, sourceNetwork } from '@jetstream/protocol';
import { type PamHelper, PamHelperProcess } from './pam-helper-process.ts';
import type { PamAnswer } from './pam-question.ts';

const SERVICE = 'jetstream';
/** Helpers at once; each is a process of some 40 MB. */
const MAX_HELPERS = 4;
const MAX_WAITING = 64;
const MAX_OF_ONE_ADDRESS = 16;
/** Of waiting, and again of the check itself. */
const DEADLINE_MS = 30_000;
/** A helper that nobody asked for so long is ended. */
const IDLE_MS = 60_000;

export interface PamHelpersOptions {
  /** How many there are at the very most. Default 4. */
  maxHelpers?: number;
  /** Questions of one address that wait or are asked. Default 16. */
  maxOfOneAddress?: number;
  /** How many stay, once they were started, when nobody asks. Default 0. */
  keptHelpers?: number;
  /** PAM service. Default `jetstream`. */
  service?: string;
  /** Of PAM's files, instead of `/etc/pam.d`. */
  pamDirectory?: string;
  /** Default 30,000. */
  deadlineMs?: number;
  startHelper?: () => PamHelper;
}

interface Question {
  user: string;
  password: Uint8Array | undefined;
  remote: string | undefined;
  answered: (answer: PamAnswer) => void;
  failed: (error: JetStreamError) => void;
  timer: NodeJS.Timeout;
}

/**
 * Asks PAM about passwords and accounts, in helper processes of their own: started when needed and ended when nobody asks for a minute.
 * At most 64 questions wait. A check that takes too long is given up: its helper is killed, and the others go on.
 */
export class PamHelpers {
  readonly #options: PamHelpersOptions;
  readonly #deadlineMs: number;
  readonly #waiting: Question[] = [];
  readonly #ofAddress = new Map<string, number>();
  readonly #idle: { helper: PamHelper; timer: NodeJS.Timeout }[] = [];
  readonly #busy = new Set<PamHelper>();
  #closed = false;

  constructor(options: PamHelpersOptions = {}) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  }

  /** Has one helper ready, so that whoever asks first need not wait for its start. */
  prepare(): void {
    if (!this.#closed && this.#idle.length + this.#busy.size === 0) this.#rest(this.#start());
  }

  /**
   * @param user a name that can be one of an account
   * @param password without a NUL; overwritten when it was checked. undefined: only whether the account may be used is asked
   * @param remote IP address of whoever logs in; undefined: nobody does, and the server asks by itself
   * @throws JetStreamError `limit-exceeded` when too many wait, or it waited too long; `cancelled` after `close`
   */
  async check(
    user: string,
    password: Uint8Array | undefined,
    remote: string | undefined,
  ): Promise<PamAnswer> {
    const network = sourceNetwork(remote ?? '');
    const pending = this.#ofAddress.get(network) ?? 0;
    if (this.#closed) throw closed();
    if (
      this.#waiting.length >= MAX_WAITING ||
      pending >= (this.#options.maxOfOneAddress ?? MAX_OF_ONE_ADDRESS)
    )
      throw limited('too many log-ins wait to be checked');
    this.#ofAddress.set(network, pending + 1);
    try {
      return await new Promise<PamAnswer>((answered, failed) => {
        const timer = setTimeout(() => this.#giveUpWaiting(question), this.#deadlineMs);
        const question: Question = { user, password, remote, answered, failed, timer };
        this.#waiting.push(question);
        this.#next();
      });
    } finally {
      password?.fill(0);
      const left = this.#ofAddress.get(network)! - 1;
      if (left === 0) this.#ofAddress.delete(network);
      else this.#ofAddress.set(network, left);
    }
  }

  /** Ends the helpers; what is being checked is refused. */
  close(): void {
    this.#closed = true;
    for (const question of this.#waiting.splice(0)) {
      clearTimeout(question.timer);
      question.failed(closed());
    }
    for (const { helper, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      helper.kill();
    }
    for (const helper of this.#busy) helper.kill();
  }

  #giveUpWaiting(question: Question): void {
    this.#waiting.splice(this.#waiting.indexOf(question), 1);
    question.failed(limited('the log-in waited too long to be checked'));
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#busy.size >= (this.#options.maxHelpers ?? MAX_HELPERS)) return;
    const question = this.#waiting.shift()!;
    clearTimeout(question.timer);
    const helper = this.#takeIdle() ?? this.#start();
    this.#busy.add(helper);
    void this.#ask(helper, question).then((answer) => {
      this.#busy.delete(helper);
      question.answered(answer);
      this.#next();
    });
  }

  #start(): PamHelper {
    const { startHelper } = this.#options;
    return startHelper === undefined ? new PamHelperProcess() : startHelper();
  }

  /** Never rejects: whoever cannot be checked is not let in. */
  async #ask(
    helper: PamHelper,
    { user, password, remote }: Pick<Question, 'user' | 'password' | 'remote'>,
  ): Promise<PamAnswer> {
    const { service = SERVICE, pamDirectory } = this.#options;
    const deadlineMs = this.#deadlineMs;
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      helper.kill();
    }, deadlineMs);
    try {
      const answer = await helper.ask({
        service,
        user,
        password,
        remote,
        configDirectory: pamDirectory,
        deadlineSeconds: Math.ceil(deadlineMs / 1_000) + 5,
      });
      this.#rest(helper);
      return answer;
    } catch (error) {
      helper.kill();
      const reason = isOver ? `PAM took more than ${deadlineMs / 1_000} s` : (error as Error).message;
      return { accepted: false, reason, isClosed: false, failDelayMs: 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  #rest(helper: PamHelper): void {
    if (this.#closed) helper.kill();
    else this.#keep(helper);
  }

  #keep(helper: PamHelper): void {
    const entry = {
      helper,
      timer: setTimeout(() => {
        if (this.#idle.length <= (this.#options.keptHelpers ?? 0)) return;
        this.#idle.splice(this.#idle.indexOf(entry), 1);
        helper.kill();
      }, IDLE_MS).unref(),
    };
    this.#idle.push(entry);
  }

  #takeIdle(): PamHelper | undefined {
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      clearTimeout(entry.timer);
      // Somebody may have killed it meanwhile.
      if (!entry.helper.hasEnded) return entry.helper;
    }
    return undefined;
  }
}

function limited(message: string): JetStreamError {
  return new JetStreamError('limit-exceeded', `${message}: try again later`);
}

function closed(): JetStreamError {
  return new JetStreamError('cancelled', 'the server is shutting down');
}
