import { type BlockRun, Layout, type ManifestEntry } from '@jetstream/manifest';
import { BLOCK_BYTES, JetStreamError } from '@jetstream/protocol';
import { violation } from './violation.ts';

/** The entries of a manifest as they come: in order, checked, counted, and each with its place among the bytes (TR-2). */
export class ManifestIntake {
  readonly #maxEntries: number;
  readonly #layout = new Layout();
  #entries = 0;
  #hasEnded = false;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Blocks whose files are all known. */
  get wholeBlocks(): number {
    return Math.floor(this.#layout.end / BLOCK_BYTES);
  }

  /**
   * The next entries, one by one.
   * @throws JetStreamError `protocol-violation` or `limit-exceeded` when the whole transfer must fail
   */
  *take(
    firstIndex: number,
    entries: readonly ManifestEntry[],
  ): Generator<{ index: number; entry: ManifestEntry; address: number }> {
    if (this.#hasEnded || firstIndex !== this.#entries) {
      throw violation('a manifest batch came out of order');
    }
    if (firstIndex + entries.length > this.#maxEntries) {
      const message = `the transfer has more than ${this.#maxEntries} files; split it`;
      throw new JetStreamError('limit-exceeded', message);
    }
    for (const entry of entries) {
      checkEntry(entry);
      yield { index: this.#entries++, entry, address: this.#layout.place(entry.size) };
    }
  }

  /** @throws JetStreamError `protocol-violation` when the number is not that of the entries that came */
  end(entries: number): void {
    if (this.#hasEnded || entries !== this.#entries) {
      throw violation(`the manifest ends after ${entries} entries, but ${this.#entries} came`);
    }
    this.#hasEnded = true;
    this.#layout.finish();
  }

  takeSealed(): BlockRun[] {
    return this.#layout.takeSealed();
  }

  /** @throws JetStreamError `protocol-violation` when there is no such entry (yet) */
  checkIndex(index: number): void {
    if (index >= this.#entries) throw violation(`the manifest has no entry ${index}`);
  }
}

/** Parsing has made it a complete value; these are the ranges. */
function checkEntry({ kind, size, mtimeSeconds, mtimeNanoseconds }: ManifestEntry): void {
  if (!Number.isSafeInteger(size) || size < 0 || (kind === 'directory' && size > 0)) {
    throw violation(`an entry has the size ${size}`);
  }
  const inSecond = Number.isInteger(mtimeNanoseconds) && mtimeNanoseconds >= 0 && mtimeNanoseconds < 1e9;
  if (!Number.isSafeInteger(mtimeSeconds) || !inSecond) {
    throw violation('an entry has a time that is none');
  }
}
