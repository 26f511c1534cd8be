import type { BlockRun } from '@jetstream/manifest';
import { errorCodeToWire } from '@jetstream/protocol';
import type { ManifestTotals } from '@jetstream/storage';
import type { TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import type { ToldBatch } from '../storage/told-entries.ts';
import type { ContentObserver } from './content-observer.ts';
import { sourceProblem } from './file-outcomes.ts';
import type { SourceList } from './source-list.ts';

/** Entries asked of the scanner at once. */
const SCAN_BATCH_ENTRIES = 1_000;
/** Entries announced to the receiver and not answered by it yet; bounds memory for any size of manifest. */
const MAX_UNSETTLED_ENTRIES = 32_768;

/** Scans the tree, or looks up what a list has, and tells the receiver what is in it, no further ahead of its answers than memory allows. */
export class ManifestSender {
  readonly #port: TransferPort;
  readonly #storage: StorageHost;
  readonly #observer: ContentObserver;
  readonly #onSealed: (runs: readonly BlockRun[]) => void;
  readonly #list: SourceList | undefined;
  #totals: ManifestTotals = { entries: 0, files: 0, bytes: 0 };
  #settledEntries = 0;
  #gate: (() => void) | undefined;
  #isScanning = false;
  #scanned = false;
  #over = false;

  /**
   * @param onSealed blocks were told, and may be sent once they are planned
   * @param list undefined: what the mappings of the reader lead to
   */
  constructor(
    port: TransferPort,
    storage: StorageHost,
    observer: ContentObserver,
    onSealed: (runs: readonly BlockRun[]) => void,
    list: SourceList | undefined,
  ) {
    this.#port = port;
    this.#storage = storage;
    this.#observer = observer;
    this.#onSealed = onSealed;
    this.#list = list;
  }

  /** Entries that the receiver has not answered. */
  get unanswered(): number {
    return this.#totals.entries - this.#settledEntries;
  }

  /** It waits for the disk, and for nobody else. */
  get isScanning(): boolean {
    return this.#isScanning;
  }

  /** Scans to the end. */
  async run(): Promise<void> {
    while (!this.#scanned) {
      while (!this.#over && !this.#mayScan) await new Promise<void>((resolve) => (this.#gate = resolve));
      await this.#port.writable();
      if (this.#over) return;
      await this.#next();
      if (this.#over) return;
    }
  }

  /** The receiver has answered for so many. */
  onSettled(entries: number): void {
    this.#settledEntries += entries;
    if (this.#mayScan) this.#openGate();
  }

  stop(): void {
    this.#over = true;
    this.#openGate();
  }

  async #next(): Promise<void> {
    this.#isScanning = true;
    const batch = await this.#find().finally(() => (this.#isScanning = false));
    if (this.#over) return;
    this.#totals = batch.totals;
    for (const { source, code, message } of batch.problems) {
      this.#observer.onFiles([sourceProblem(source, code, message)]);
      this.#port.send({
        $case: 'sourceProblem',
        value: { source, errorCode: errorCodeToWire(code), message },
      });
    }
    for (const message of batch.messages) this.#port.sendEncoded(message);
    if (batch.done) this.#port.send({ $case: 'manifestEnd', value: batch.totals });
    const { entries, files, bytes } = batch.totals;
    this.#observer.onTotals({ files, directories: entries - files, bytes, final: batch.done });
    this.#onSealed(batch.sealedBlocks);
    this.#scanned = batch.done;
  }

  async #find(): Promise<ToldBatch> {
    if (this.#list === undefined) return this.#storage.call('nextBatch', SCAN_BATCH_ENTRIES);
    const { sources, problems, isLast } = await this.#list.next();
    const batch = await this.#storage.call('lookUp', sources, isLast);
    batch.problems.unshift(...problems);
    return batch;
  }

  get #mayScan(): boolean {
    return this.unanswered < MAX_UNSETTLED_ENTRIES;
  }

  #openGate(): void {
    this.#gate?.();
    this.#gate = undefined;
  }
}
