import { EventEmitter, once } from 'node:events';
import { JetStreamError } from '@jetstream/protocol';
import { NO_PROGRESS } from '../content/no-progress.ts';
import { TransferEvents } from '../content/transfer-events.ts';
import type {
  FileOutcome,
  RatePolicyOptions,
  Transfer,
  TransferProgress,
  TransferSummary,
} from '../contract.ts';
import type {
  DestinationLink,
  DestinationLinkState,
  DestinationLinks,
  LinkUploadOptions,
} from '../service/destinations/links.ts';
import type { DestinationRecord } from '../service/destinations/record.ts';

/** Ways to destinations that a test drives: nothing is sent, and a transfer ends when the test says so. */
export class FakeDestinationLinks implements DestinationLinks {
  /** All that were begun and have not ended, in order. */
  readonly running: FakeUpload[] = [];
  /** How many holds there are, by id of destination. */
  readonly holds = new Map<string, number>();
  readonly sendRateMax = new Map<string, number | null>();
  state: DestinationLinkState = 'connected';
  readonly #events = new EventEmitter();

  open({ destinationId }: DestinationRecord): DestinationLink {
    const hold = (change: number) =>
      this.holds.set(destinationId, (this.holds.get(destinationId) ?? 0) + change);
    hold(1);
    const links = this;
    return {
      get state() {
        return links.state;
      },
      upload: (options) => this.#begin(destinationId, options),
      setSendRateMax: (rate) => this.sendRateMax.set(destinationId, rate),
      close: () => hold(-1),
    };
  }

  async close(): Promise<void> {
    const closing = new JetStreamError('server-closing', 'this server is shutting down');
    for (const upload of [...this.running]) upload.fail(closing);
  }

  /** The transfer of this id, now or when it begins. */
  async upload(transferId: string): Promise<FakeUpload> {
    for (;;) {
      const found = this.running.find(({ options }) => options.transferId === transferId);
      if (found !== undefined) return found;
      await once(this.#events, 'begun');
    }
  }

  #begin(destinationId: string, options: LinkUploadOptions): Transfer {
    const upload = new FakeUpload(destinationId, options, () =>
      this.running.splice(this.running.indexOf(upload), 1),
    );
    this.running.push(upload);
    queueMicrotask(() => this.#events.emit('begun'));
    return upload;
  }
}

/** A transfer of `FakeDestinationLinks`. */
export class FakeUpload extends TransferEvents implements Transfer {
  readonly destinationId: string;
  readonly options: LinkUploadOptions;
  readonly progress: TransferProgress = { ...NO_PROGRESS };
  readonly done: Promise<TransferSummary>;
  readonly #onEnd: () => void;
  #isOver = false;
  #resolve!: (summary: TransferSummary) => void;
  #reject!: (error: JetStreamError) => void;

  constructor(destinationId: string, options: LinkUploadOptions, onEnd: () => void) {
    super();
    this.destinationId = destinationId;
    this.options = options;
    this.#onEnd = onEnd;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined);
  }

  /** Progress is made. */
  advance(progress: Partial<TransferProgress>): void {
    Object.assign(this.progress, progress);
    this.emit('progress', { ...this.progress });
  }

  tellFile(file: FileOutcome): void {
    this.emit('file', file);
  }

  complete(summary: Partial<TransferSummary> = {}): void {
    this.#end('complete', () =>
      this.#resolve({
        files: 1,
        skippedFiles: 0,
        directories: 0,
        bytes: 1,
        presentBytes: 0,
        failed: 0,
        elapsedMs: 1,
        failures: [],
        ...summary,
      }),
    );
  }

  fail(error: JetStreamError): void {
    this.#end('error', () => this.#reject(error));
  }

  cancel(): void {
    this.#end('cancelled', () =>
      this.#reject(new JetStreamError('cancelled', 'the copy was stopped on request')),
    );
  }

  async setRatePolicy(options: RatePolicyOptions): Promise<RatePolicyOptions> {
    return options;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<TransferProgress> {
    yield { ...this.progress };
    await this.done;
  }

  #end(state: TransferProgress['state'], settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd();
    this.advance({ state });
    settle();
  }
}
