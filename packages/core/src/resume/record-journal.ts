import type { ResumeStore } from '@jetstream/state';
import type { DeadPartial, ResumeAnswer, ResumeLookup, ResumeUpdate } from '@jetstream/storage';
import type { ResumeJournal } from './resume-journal.ts';

/** Who may hold records: a transfer. */
export interface RecordHolder {
  /** Gives up all that it holds when its peer is silent. @returns whether it holds nothing any more */
  giveWay(): Promise<boolean>;
}

/** `ResumeJournal` in the state of this process. */
export class RecordJournal implements ResumeJournal {
  readonly note: (text: string) => void;
  readonly #store: ResumeStore;
  readonly #holder: RecordHolder;
  readonly #account: string;
  /** Whether others that held what this one asked for gave way; each is asked once. */
  readonly #asked = new Map<RecordHolder, Promise<boolean>>();
  /** What changes records, in its order. */
  #queue: Promise<unknown> = Promise.resolve();
  #hasFailed = false;
  #isReleased = false;

  /** @param account records of one are no business of another's, who might name its targets without any right to them */
  constructor(store: ResumeStore, account: string, holder: RecordHolder, onNote: (text: string) => void) {
    this.#store = store;
    this.#account = account;
    this.#holder = holder;
    this.note = onNote;
  }

  async claim(lookups: readonly ResumeLookup[]): Promise<ResumeAnswer[]> {
    const answers: ResumeAnswer[] = [];
    for (const { index, key } of lookups) {
      const at = this.#stored(key);
      if (await this.#comesToHold(at)) {
        const record = await this.#store.claim(at, this.#holder);
        answers.push({ index, record: record && { ...record, key } });
      } else answers.push({ index, record: undefined, recordable: false });
    }
    return answers;
  }

  /** Of records that another transfer has taken over nothing is saved. */
  async save(updates: readonly ResumeUpdate[]): Promise<boolean> {
    return this.#enqueue(() =>
      this.#store.save(
        updates
          .map((update) => ({ ...update, key: this.#stored(update.key) }))
          .filter(({ key }) => this.#store.holderOf(key) === this.#holder),
      ),
    );
  }

  async remove(keys: readonly string[]): Promise<void> {
    await this.#enqueue(async () => {
      const own = keys.map((key) => this.#stored(key)).filter((key) => this.#mayRemove(key));
      await this.#store.remove(own);
      this.#store.release(this.#holder, own);
    });
  }

  async dead(candidates: readonly DeadPartial[]): Promise<DeadPartial[]> {
    await this.#queue;
    return candidates.filter(({ path }) => !this.#store.hasPartial(path));
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    await this.#enqueue(async () => this.#store.release(this.#holder));
  }

  /** What stands at a target whole was skipped, and so not claimed: nobody holds what was left of it. */
  #mayRemove(key: string): boolean {
    const holder = this.#store.holderOf(key);
    return holder === this.#holder || (holder === undefined && !this.#isReleased);
  }

  /** @returns false when somebody else holds it who is alive, or this one is over */
  async #comesToHold(key: string): Promise<boolean> {
    for (;;) {
      if (this.#isReleased) return false;
      const other = this.#store.holderOf(key) as RecordHolder | undefined;
      if (other === undefined || other === this.#holder) return true;
      if (!(await this.#givesWay(other))) return false;
      this.#store.release(other);
    }
  }

  #givesWay(other: RecordHolder): Promise<boolean> {
    const asked = this.#asked.get(other);
    if (asked !== undefined) return asked;
    const asking = other.giveWay().then((gaveWay) => {
      this.note(
        gaveWay
          ? 'another copy to the same place had fallen silent: this one goes on from what it had'
          : 'another copy to the same place is running: this one keeps no record of what both copy',
      );
      return gaveWay;
    });
    this.#asked.set(other, asking);
    return asking;
  }

  /** @returns whether it went well */
  #enqueue(work: () => Promise<void>): Promise<boolean> {
    const done = this.#queue.then(work).then(
      () => true,
      (error) => {
        this.#onFailure(error);
        return false;
      },
    );
    this.#queue = done;
    return done;
  }

  /** The copy goes on; said once, not every few seconds. */
  #onFailure(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const why = error instanceof Error ? error.message : String(error);
    this.note(`what is durable of half files cannot be recorded, an interruption may cost them: ${why}`);
  }

  #stored(key: string): string {
    return `${this.#account}:${key}`;
  }
}
