import type { SandboxRule } from '@jetstream/manifest';
import type { Account } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import type { StorageHost } from '../../storage/storage-host.ts';
import type { FileOperation, FileOperationResults } from '../../storage/storage-operations.ts';
import type { StorageWorkers } from '../../storage/storage-workers.ts';
import { actsAs } from '../account.ts';
import { Turns } from '../turns.ts';

const TURNS = { running: 8, runningOfOwner: 4, waiting: 256, waitingOfOwner: 128 };
/** Names that one operation looks at or removes. */
const MAX_STEPS = 20_000_000;
/** A worker is asked for a piece of work so long, so that it can be stopped. */
const PIECE_MS = 50;
const PIECE_STEPS = 100_000;

/** Carries out one file operation. */
export type Perform = <O extends FileOperation>(operation: O) => Promise<FileOperationResults[O['kind']]>;

/** Runs file operations on storage workers, each as the account that wants it, and no more than a few at a time. */
export class FileWork {
  readonly #workers: Pick<StorageWorkers, 'take'>;
  readonly #turns = new Turns(TURNS);

  constructor(workers: Pick<StorageWorkers, 'take'>) {
    this.#workers = workers;
  }

  /**
   * Lends a worker for as long as `use` runs.
   * @param signal ends an operation between two of its steps; what it has changed by then is changed
   * @throws JetStreamError what `use` throws; `cancelled`, `limit-exceeded`
   */
  async run<T>(
    account: Account,
    sandbox: SandboxRule,
    signal: AbortSignal,
    use: (perform: Perform) => Promise<T>,
  ): Promise<T> {
    await this.#turns.take(account.name, signal);
    const worker = this.#workers.take();
    try {
      await worker.call('openFiles', { actAs: actsAs(account), sandbox });
      return await use((operation) => perform(worker, operation, signal));
    } finally {
      this.#turns.end(account.name);
      await worker.close();
    }
  }
}

async function perform<O extends FileOperation>(
  worker: StorageHost,
  operation: O,
  signal: AbortSignal,
): Promise<FileOperationResults[O['kind']]> {
  await worker.call('beginOperation', operation);
  for (let left = MAX_STEPS; left > 0; ) {
    if (signal.aborted) throw cancelled();
    const { steps, result } = await worker.call('goOn', PIECE_MS, Math.min(PIECE_STEPS, left));
    if (result !== undefined) return result as FileOperationResults[O['kind']];
    left -= steps;
  }
  throw new JetStreamError(
    'limit-exceeded',
    `more than ${MAX_STEPS.toLocaleString('en')} names are beneath it; name a part of it`,
  );
}

function cancelled(): JetStreamError {
  return new JetStreamError('cancelled', 'nobody waits for it any more');
}
