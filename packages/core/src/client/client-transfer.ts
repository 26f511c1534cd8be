import { JetStreamError } from '@jetstream/protocol';
import { TransferHandle, type TransferRate } from '../content/transfer-handle.ts';
import type { StorageWorkers } from '../storage/storage-workers.ts';
import type { Link } from './link.ts';
import { TransferAttempt } from './transfer-attempt.ts';

/** What a transfer of one direction does with an attempt that has just been made: tells the server, and begins. */
export type BeginAttempt = (attempt: TransferAttempt) => void;

/** What a transfer needs of the session that it is one of. */
export interface TransferHost {
  readonly storage: StorageWorkers;
  /** undefined while there is none. */
  readonly link: Link | undefined;
  /** Will there be another link for a transfer that ended so? */
  ridesOut(error: JetStreamError): boolean;
  /** For people, while there is no link. */
  describeOutage(): string;
  /** A transfer waits for the next link. */
  onStranded(): void;
}

/** How a transfer came off its link. */
export interface Stranding {
  link: Link;
  error: JetStreamError;
}

/** One transfer over as many links as it takes; each goes on from what is durable at the receiver. */
export class ClientTransfer {
  readonly handle: TransferHandle;
  readonly #host: TransferHost;
  readonly #begin: BeginAttempt;
  #attempt: TransferAttempt | undefined;
  /** Nothing of an earlier attempt is used any more; undefined before there was one. */
  #closed: Promise<unknown> | undefined;
  #stranded: Stranding | undefined;
  #over = false;

  constructor(host: TransferHost, rate: TransferRate, begin: BeginAttempt) {
    this.#host = host;
    this.#begin = begin;
    this.handle = new TransferHandle(() => this.#cancel(), rate);
  }

  /** While it waits for another link. */
  get stranded(): Stranding | undefined {
    return this.#stranded;
  }

  /** Resolves when it is over and nothing of it is used any more. */
  async ended(): Promise<void> {
    await this.handle.done.catch(() => undefined);
    await this.#closed;
  }

  /** Begins, or begins again, on a link; without one it waits. */
  open(link: Link | undefined): void {
    this.#stranded = undefined;
    if (link === undefined) this.handle.wait(() => this.#host.describeOutage());
    else if (this.#closed === undefined) this.#attemptOn(link);
    else void this.#closed.then(() => this.#attemptOn(link));
  }

  /** There will be no link any more. */
  fail(error: JetStreamError): void {
    if (this.#attempt === undefined) this.#end(error);
  }

  #attemptOn(link: Link): void {
    // What happened meanwhile: the copy was cancelled, or the link is lost again, and another one will come.
    if (this.#over || this.#attempt !== undefined || link !== this.#host.link) return;
    this.#attempt = new TransferAttempt(link, this.#host.storage.take(), this.handle, (error, closed) =>
      this.#onAttemptOver(link, error, closed),
    );
    if (this.#closed !== undefined) this.handle.note('connected again: going on');
    this.#begin(this.#attempt);
  }

  #onAttemptOver(link: Link, error: JetStreamError | undefined, closed: Promise<void>): void {
    this.#attempt = undefined;
    this.#closed = closed;
    // Of a copy that is complete nothing is left to do.
    if (error === undefined) {
      this.#over = true;
      this.handle.complete();
    } else if (this.#host.ridesOut(error)) {
      this.#strand({ link, error }, [closed, link.session.connection.ended]);
    } else this.#end(error);
  }

  /** @param before what it waits for before it begins again: the worker, and the connection, which gives back what it was lent */
  #strand(stranding: Stranding, before: Promise<void>[]): void {
    this.#closed = Promise.all(before);
    this.handle.note(`${stranding.error.message}: connecting again`);
    this.open(undefined);
    this.#stranded = stranding;
    this.#host.onStranded();
  }

  #cancel(): void {
    const cancelled = new JetStreamError('cancelled', 'the copy was stopped on request');
    if (this.#attempt === undefined) this.#end(cancelled);
    else this.#attempt.onClosed(cancelled);
  }

  /** A copy that failed is over when its partial files are gone or safe. */
  #end(error: JetStreamError): void {
    if (this.#over) return;
    this.#over = true;
    void Promise.resolve(this.#closed).then(() => this.handle.fail(error));
  }
}
