import { basename } from 'node:path';
import { escapeName, isPartialName, SYSTEM_ROOT } from '@jetstream/manifest';
import { type Account, lookUpUserName } from '@jetstream/platform';
import type { ResumeStore, State } from '@jetstream/state';
import type { Logger } from '../../logging.ts';
import type { RecordHolder } from '../../resume/record-journal.ts';
import { accountNamed } from '../account.ts';
import type { FileWork } from '../files/file-work.ts';
import type { ServicePart } from '../part.ts';
import type { CleanUpTime } from './removed.ts';

const MAX_AGE_MS = 90 * 86_400_000;
/** In one clean-up; the others wait for the next. */
const MAX_AT_ONCE = 1_000;

type Stale = ReturnType<ResumeStore['savedBefore']>[number];

/** Half files that nobody went on with for 90 days: removed as the account that sent them, with what was recorded of them. */
export class HalfFiles implements ServicePart, RecordHolder {
  readonly #state: Pick<State, 'ownerId' | 'resume'>;
  readonly #work: Pick<FileWork, 'run'>;
  readonly #logger: Logger;
  readonly #stop = new AbortController();

  constructor(state: Pick<State, 'ownerId' | 'resume'>, work: Pick<FileWork, 'run'>, logger: Logger) {
    this.#state = state;
    this.#work = work;
    this.#logger = logger;
  }

  async collect({ nowUs }: CleanUpTime): Promise<object> {
    const stale = this.#state.resume.savedBefore(nowUs / 1000 - MAX_AGE_MS).slice(0, MAX_AT_ONCE);
    const byUid = new Map<number, Stale[]>();
    for (const record of stale) {
      const uid = Number.parseInt(record.key, 10);
      byUid.set(uid, [...(byUid.get(uid) ?? []), record]);
    }
    for (const [uid, records] of byUid) await this.#remove(uid, records);
    return {};
  }

  async close(): Promise<void> {
    this.#stop.abort();
  }

  /** Asked by a transfer that comes just now: it does without a record. */
  async giveWay(): Promise<boolean> {
    return false;
  }

  async #remove(uid: number, records: readonly Stale[]): Promise<void> {
    const { resume } = this.#state;
    const held: Stale[] = [];
    for (const record of records) {
      if (resume.holderOf(record.key) !== undefined) continue;
      await resume.claim(record.key, this);
      held.push(record);
    }
    try {
      const own = held.map(({ partial }) => partial).filter((path) => this.#isOwnPartial(path));
      if (own.length > 0) await this.#removeFiles(accountOf(uid), own);
    } catch (error) {
      this.#logger.info({ uid, why: String(error) }, 'half files could not be removed');
    }
    if (this.#stop.signal.aborted) return;
    await resume.remove(held.map(({ key }) => key));
    resume.release(this);
  }

  async #removeFiles(account: Account, paths: readonly string[]): Promise<void> {
    await this.#work.run(account, SYSTEM_ROOT, this.#stop.signal, async (perform) => {
      for (const file of paths) {
        const path = file.split('/').filter((name) => name !== '');
        await perform({ kind: 'remove', path, recursive: false }).then(
          () => this.#logger.info({ account: account.name, file: escapeName(file) }, 'half file removed'),
          (error) => this.#logger.debug({ file: escapeName(file), why: String(error) }, 'half file stays'),
        );
      }
    });
  }

  /** By its name, which holds the number of this state: a file that was written in place has its own. */
  #isOwnPartial(path: string): boolean {
    const name = basename(path);
    return isPartialName(name) && new RegExp(`\\.jspart-${this.#state.ownerId}[0-9a-f]{16}-`).test(name);
  }
}

/** @throws JetStreamError `permission-denied` when there is no such account any more, or this server cannot act as it */
function accountOf(uid: number): Account {
  return accountNamed(lookUpUserName(uid) ?? String(uid));
}
