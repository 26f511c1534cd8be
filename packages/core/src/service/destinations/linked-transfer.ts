import { JetStreamError } from '@jetstream/protocol';
import { asJetStreamError } from '../../content/failure.ts';
import { NO_PROGRESS } from '../../content/no-progress.ts';
import { TransferEvents } from '../../content/transfer-events.ts';
import type { RatePolicyOptions, Transfer, TransferProgress, TransferSummary } from '../../contract.ts';

const CONNECTING: TransferProgress = { ...NO_PROGRESS, state: 'connecting', waitsFor: 'the destination' };

/** A transfer whose session is still to be opened. */
export class LinkedTransfer<S> extends TransferEvents implements Transfer {
  readonly done: Promise<TransferSummary>;
  readonly #begun: Promise<Transfer>;
  #before: TransferProgress = { ...CONNECTING };
  #transfer: Transfer | undefined;
  #end!: (error: JetStreamError) => void;

  /** @param begin called when the session is there, unless the transfer is over by then */
  constructor(session: Promise<S>, begin: (session: S) => Transfer) {
    super();
    this.#begun = new Promise((resolve, reject) => {
      this.#end = (error) => {
        if (this.#transfer !== undefined) return;
        const state = error.code === 'cancelled' ? 'cancelled' : 'error';
        this.#before = { ...this.#before, state, waitsFor: '' };
        reject(error);
      };
      session
        .then((opened) => {
          if (this.#before.state === 'connecting') resolve(this.#follow(begin(opened)));
        })
        .catch((error) => this.#end(asJetStreamError(error)));
    });
    this.done = this.#begun.then((transfer) => transfer.done);
    this.done.catch(() => undefined);
  }

  get progress(): TransferProgress {
    return this.#transfer?.progress ?? this.#before;
  }

  async setRatePolicy(options: RatePolicyOptions): Promise<RatePolicyOptions> {
    return (await this.#begun).setRatePolicy(options);
  }

  cancel(): void {
    this.#transfer?.cancel();
    this.#end(new JetStreamError('cancelled', 'the copy was stopped on request'));
  }

  async *[Symbol.asyncIterator](): AsyncIterator<TransferProgress> {
    yield { ...this.progress };
    yield* await this.#begun;
  }

  #follow(transfer: Transfer): Transfer {
    this.#transfer = transfer;
    transfer.on('progress', (progress) => this.emit('progress', progress));
    transfer.on('file', (file) => this.emit('file', file));
    transfer.on('note', (note) => this.emit('note', note));
    return transfer;
  }
}
