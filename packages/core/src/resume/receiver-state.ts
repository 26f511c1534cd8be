import { randomBytes } from 'node:crypto';
import type { State } from '@jetstream/state';
import { type RecordHolder, RecordJournal } from './record-journal.ts';
import type { ResumeJournal } from './resume-journal.ts';

/** What a process that receives keeps of half transfers, and the names of its partial files. */
export class ReceiverState {
  readonly #state: State | undefined;
  /** Of the state, and of this process: by these a later process knows which partial files are of dead ones. */
  readonly #prefix: string;

  /** @param state undefined: nothing is kept, and nobody else's partial files are touched */
  constructor(state: State | undefined) {
    this.#state = state;
    this.#prefix = (state?.ownerId ?? hex32()) + hex32();
  }

  /**
   * Opens the state in a directory.
   * @throws JetStreamError as `openState`
   */
  static async open(directory: string, onNote: (note: string) => void): Promise<ReceiverState> {
    // Costs some time and memory, which nobody who only sends should pay.
    const { openState } = await import('@jetstream/state');
    return new ReceiverState(await openState(directory, { onNote }));
  }

  /** 24 hex digits: the owner of the state, this process, the transfer. */
  newTransferId(): string {
    return this.#prefix + hex32();
  }

  /**
   * @param account whose records they are
   * @param onNote what a person may want to know, in words
   * @returns undefined when nothing is kept
   */
  journal(account: string, holder: RecordHolder, onNote: (text: string) => void): ResumeJournal | undefined {
    return this.#state && new RecordJournal(this.#state.resume, account, holder, onNote);
  }

  async close(): Promise<void> {
    await this.#state?.close();
  }

  /** As `close`; where nothing is recorded no directory is left. */
  async closeOrRemove(): Promise<void> {
    await this.#state?.closeOrRemove();
  }
}

function hex32(): string {
  return randomBytes(4).toString('hex');
}
