import { JetStreamError } from '@jetstream/protocol';

export interface TurnLimits {
  /** At the same time; each has a thread. */
  running: number;
  /** Of one owner, so that nobody keeps the others waiting. */
  runningOfOwner: number;
  /** Default: no bound. */
  waiting?: number;
  waitingOfOwner?: number;
}

interface Waiting {
  owner: string;
  begin: () => void;
}

/** Whose work is done next: first come, first served, but for those who have enough under way already. */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #running = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #total = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /**
   * Resolves when it is the owner's turn; `end` gives it back.
   * @param signal it is not waited for any more
   * @throws JetStreamError `limit-exceeded` when too many wait; `cancelled`
   */
  async take(owner: string, signal?: AbortSignal): Promise<void> {
    if (this.#mayRun(owner)) return this.#begin(owner);
    this.#checkRoom(owner);
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        signal?.removeEventListener('abort', leave);
        this.#begin(owner);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(
          this.#waiting.findIndex((one) => one.begin === begin),
          1,
        );
        reject(new JetStreamError('cancelled', 'nobody waits for it any more'));
      };
      this.#waiting.push({ owner, begin });
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  end(owner: string): void {
    this.#total--;
    const left = this.#of(owner) - 1;
    if (left > 0) this.#running.set(owner, left);
    else this.#running.delete(owner);
    const next = this.#waiting.findIndex((one) => this.#mayRun(one.owner));
    if (next !== -1) this.#waiting.splice(next, 1)[0]!.begin();
  }

  #begin(owner: string): void {
    this.#total++;
    this.#running.set(owner, this.#of(owner) + 1);
  }

  #mayRun(owner: string): boolean {
    const { running, runningOfOwner } = this.#limits;
    return this.#total < running && this.#of(owner) < runningOfOwner;
  }

  #checkRoom(owner: string): void {
    const { waiting = Number.POSITIVE_INFINITY, waitingOfOwner = Number.POSITIVE_INFINITY } = this.#limits;
    const own = this.#waiting.filter((one) => one.owner === owner).length;
    if (this.#waiting.length < waiting && own < waitingOfOwner) return;
    throw new JetStreamError('limit-exceeded', 'too much work waits already: try again later');
  }

  #of(owner: string): number {
    return this.#running.get(owner) ?? 0;
  }
}
