import { resolve } from 'node:path';
import { Direction } from '@jetstream/protocol';
import { ContentReceiver } from '../content/content-receiver.ts';
import { checkReceivingOptions, type ReceivingRules } from '../content/receiving-options.ts';
import type { TransferRate } from '../content/transfer-handle.ts';
import type { DownloadOptions } from '../contract.ts';
import { DownloadState } from '../resume/download-state.ts';
import { ReceiverState } from '../resume/receiver-state.ts';
import type { RecordHolder } from '../resume/record-journal.ts';
import { checkPathLengths } from './path-lengths.ts';
import type { SessionRates } from './session-rates.ts';
import type { TransferAttempt } from './transfer-attempt.ts';
import { readTransferId } from './transfer-id.ts';

/** A client has one process's transfers only, and these do not copy the same files. */
const NEVER_GIVES_WAY: RecordHolder = { giveWay: async () => false };

/** A download over all its attempts. Each mapping's target is a local path, where its source comes to stand. */
export class Download {
  readonly #options: DownloadOptions;
  readonly #rules: ReceivingRules;
  readonly #stateDirectory: string;
  readonly #localTargets: readonly string[];
  readonly #transferId: Uint8Array;
  #state: DownloadState | undefined;

  /** @throws JetStreamError `name-invalid`, `invalid-argument` */
  constructor(options: DownloadOptions, stateDirectory: string) {
    checkPathLengths(options.mappings.map(({ source }) => source));
    this.#options = options;
    this.#transferId = readTransferId(options.transferId);
    this.#rules = checkReceivingOptions(options);
    this.#stateDirectory = stateDirectory;
    this.#localTargets = options.mappings.map(({ target }) => resolve(options.destinationPath ?? '', target));
  }

  begin(attempt: TransferAttempt): void {
    void this.#ready(attempt).then((state) => attempt.isOver || this.#receive(attempt, state));
  }

  /** After the last attempt. */
  async close(): Promise<void> {
    await this.#state?.close();
  }

  async #ready(attempt: TransferAttempt): Promise<ReceiverState> {
    if (this.#options.verify) return new ReceiverState(undefined);
    this.#state ??= new DownloadState(this.#stateDirectory, this.#localTargets, (note) => attempt.note(note));
    return this.#state.ready;
  }

  #receive(attempt: TransferAttempt, state: ReceiverState): void {
    const { port, storage } = attempt;
    const { mappings, symlinks, verify = false, preserve = false } = this.#options;
    port.send({
      $case: 'open',
      value: {
        direction: Direction.DOWNLOAD,
        destinationPath: '',
        sourcePaths: mappings.map(({ source }) => source),
        followSymlinks: symlinks !== 'ignore',
        receiving: undefined,
        verify,
        preserve,
        transferId: this.#transferId,
      },
    });
    const { checkpointIntervalMs, ...rules } = this.#rules;
    const journal = verify
      ? undefined
      : state.journal(String(process.getuid?.() ?? ''), { ...NEVER_GIVES_WAY }, (note) => attempt.note(note));
    const content = new ContentReceiver(
      port,
      storage,
      attempt.observer((outcome) => ({ ...outcome, source: this.#sourceOf(outcome.target) })),
      { verify, journal, checkpointIntervalMs },
    );
    attempt.begin(
      content,
      storage.call('openWriter', {
        actAs: undefined,
        rule: 'mappings',
        transferId: state.newTransferId(),
        localTargets: this.#localTargets,
        ...rules,
        verify,
        preserve,
        resumable: journal !== undefined,
      }),
    );
  }

  /** A local path beneath one of the targets, as a path at the server. */
  #sourceOf(target: string): string {
    const local = target.startsWith('/') ? target : `/${target}`;
    const at = this.#localTargets.findIndex((root) => local === root || local.startsWith(`${root}/`));
    return at === -1
      ? target
      : `${this.#options.mappings[at]!.source}${local.slice(this.#localTargets[at]!.length)}`;
  }
}

export function downloadRate(rates: SessionRates): TransferRate {
  return { inForce: () => rates.servers, set: async (asked) => void (await rates.askServer(asked)) };
}
