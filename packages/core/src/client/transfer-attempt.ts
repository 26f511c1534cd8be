import type { JetStreamError, ReceivedBody } from '@jetstream/protocol';
import { asJetStreamError, failureToWire } from '../content/failure.ts';
import type { TransferHandle } from '../content/transfer-handle.ts';
import type { TransferTotals } from '../content/transfer-totals.ts';
import type { FileOutcome, LimiterName } from '../contract.ts';
import type { ContentHandler, TransferHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import type { Link } from './link.ts';

type Content = ContentHandler & { start?(): void; end?(): Promise<void> };

/** One transfer on one link: its worker, its place in the session, and what it tells the handle. */
export class TransferAttempt implements TransferHandler {
  readonly link: Link;
  readonly port: TransferPort;
  readonly storage: StorageHost;
  readonly #handle: TransferHandle;
  readonly #onOver: (error: JetStreamError | undefined, closed: Promise<void>) => void;
  #content: Content | undefined;
  #over = false;

  /** @param onOver called once, with why it failed, and when nothing of it is used any more */
  constructor(
    link: Link,
    storage: StorageHost,
    handle: TransferHandle,
    onOver: (error: JetStreamError | undefined, closed: Promise<void>) => void,
  ) {
    this.link = link;
    this.storage = storage;
    this.#handle = handle;
    this.#onOver = onOver;
    this.port = link.session.addTransfer(link.takeTransferId(), this);
    handle.begin(link.session.connection, link.traffic);
  }

  get content(): Content | undefined {
    return this.#content;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** For a person to read. */
  note(text: string): void {
    this.#handle.note(text);
  }

  /** @param opened the storage worker has its tree open */
  begin(content: Content, opened: Promise<void>): void {
    this.#content = content;
    opened.then(
      () => this.#over || content.start?.(),
      (error) => this.onClosed(asJetStreamError(error)),
    );
  }

  observer(describe: (outcome: FileOutcome) => FileOutcome) {
    const handle = this.#handle;
    const { progress } = handle;
    return {
      onTotals: (totals: TransferTotals) => handle.setTotals(totals),
      onFileBegun: (source: string) => {
        progress.currentFile = source;
      },
      onFiles: (outcomes: readonly FileOutcome[]) => {
        for (const outcome of outcomes) handle.fileDone(outcome.target === '' ? outcome : describe(outcome));
      },
      onLimiter: (limiter: LimiterName | undefined) => {
        progress.limiter = limiter;
      },
      onProgress: handle.setReceived.bind(handle),
      onComplete: () => this.#end(undefined),
      onFailed: (error: JetStreamError) => this.#end(error),
    };
  }

  onMessage(message: { body: ReceivedBody }): void | Promise<void> {
    return message.body.$case === 'accepted' ? undefined : this.#content?.onMessage(message);
  }

  onClosed(error: JetStreamError): void {
    this.#content?.onClosed(error);
    this.#end(error);
  }

  #end(error: JetStreamError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (error !== undefined) this.port.send({ $case: 'failed', value: failureToWire(error) });
    const counted = this.port.close();
    const closed = this.#close();
    // What was sent last is counted by then.
    if (error === undefined) void counted.then(() => this.#onOver(undefined, closed));
    else this.#onOver(error, closed);
  }

  async #close(): Promise<void> {
    await this.#content?.end?.();
    await this.storage.close();
  }
}
