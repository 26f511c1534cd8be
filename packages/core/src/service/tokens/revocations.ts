import type { Collection, State } from '@jetstream/state';
import type { Logger } from '../../logging.ts';
import type { Draft } from '../draft.ts';

/** A token that was taken back, for as long as something that it began may go on. */
export interface Revocation {
  token: string;
  owner: string;
}

/** Ends what a token began. Called again, also by the next server, until it has resolved. */
export type EndWorkOf = (revocation: Revocation) => Promise<void>;

/** Ends what tokens began that were taken back; what an end of the server leaves of that is ended by the next one, before it runs again. */
export class Revocations {
  readonly #records: Collection<Revocation>;
  readonly #logger: Logger;
  readonly #ends: EndWorkOf[] = [];

  private constructor(records: Collection<Revocation>, logger: Logger) {
    this.#records = records;
    this.#logger = logger;
  }

  static async open(state: State, logger: Logger): Promise<Revocations> {
    return new Revocations(await state.collection('revocations'), logger);
  }

  /** From now on, this is called for each token that is taken back. */
  addEnd(end: EndWorkOf): void {
    this.#ends.push(end);
  }

  /** To be written together with the removal of the token. */
  draft({ token, owner }: Revocation): Draft {
    const revocation = { token, owner };
    return {
      changes: [this.#records.change(token, revocation)],
      onDurable: () => void this.#carryOut(revocation),
    };
  }

  /** What was not ended yet. */
  async carryOut(): Promise<void> {
    for (const revocation of [...this.#records.values()]) await this.#carryOut(revocation);
  }

  async #carryOut(revocation: Revocation): Promise<void> {
    const { token } = revocation;
    try {
      await Promise.all(this.#ends.map((end) => end(revocation)));
      await this.#records.delete(token);
    } catch (error) {
      this.#logger.error(
        { token, why: String(error) },
        'what a token began is not ended yet: again within an hour',
      );
    }
  }
}
