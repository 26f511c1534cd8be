import { JetStreamError } from '@jetstream/protocol';
import type { ServiceEvents } from '../events.ts';
import type { ManifestRecord } from '../manifests/record.ts';
import { reachOf } from './new-transfer.ts';
import type { TransferRecord } from './record.ts';
import { failed } from './run-outcome.ts';
import type { TransferBook } from './transfer-book.ts';

/** Why nothing can be sent of a manifest that is not complete. */
export function manifestProblem(manifest: ManifestRecord | undefined): JetStreamError {
  const { errorCode, errorMessage } = manifest ?? { errorCode: null, errorMessage: null };
  return new JetStreamError(errorCode ?? 'not-found', errorMessage ?? 'its manifest is not there any more');
}

/** Transfers that were submitted along with a manifest, and wait for that to be complete. */
export class AwaitedManifests {
  readonly #manifests: { get(manifestId: string): ManifestRecord | undefined };
  readonly #book: TransferBook;
  readonly #onReady: (record: TransferRecord) => void;
  readonly #waiting = new Map<string, Set<string>>();

  /** @param onReady called for what waits no longer */
  constructor(
    manifests: { get(manifestId: string): ManifestRecord | undefined },
    book: TransferBook,
    events: Pick<ServiceEvents, 'on'>,
    onReady: (record: TransferRecord) => void,
  ) {
    this.#manifests = manifests;
    this.#book = book;
    this.#onReady = onReady;
    for (const event of ['manifestUpdated', 'manifestDeleted'] as const)
      events.on(event, ({ manifestId }) => this.#onManifest(String(manifestId)));
  }

  /** @returns false when there is nothing to wait for */
  wait({ transferId, manifestId }: TransferRecord): boolean {
    if (this.#manifests.get(manifestId)?.status !== 'pending') return false;
    const waiting = this.#waiting.get(manifestId) ?? new Set();
    this.#waiting.set(manifestId, waiting.add(transferId));
    return true;
  }

  #onManifest(manifestId: string): void {
    const manifest = this.#manifests.get(manifestId);
    if (manifest?.status === 'pending') return;
    const waiting = this.#waiting.get(manifestId) ?? [];
    this.#waiting.delete(manifestId);
    for (const transferId of waiting) void this.#settle(transferId, manifest);
  }

  async #settle(transferId: string, manifest: ManifestRecord | undefined): Promise<void> {
    const settled = await this.#book
      .change(transferId, (record, now) => {
        if (record.status !== 'pending') return record;
        if (manifest?.status === 'complete') return { ...record, reach: reachOf(manifest) };
        return failed(record, manifestProblem(manifest), now);
      })
      // What could not be written is found out again when it begins.
      .catch(() => this.#book.get(transferId));
    if (settled?.status === 'pending') this.#onReady(settled);
  }
}
