import type { RatePolicy } from '@jetstream/congestion';
import { JetStreamError } from '@jetstream/protocol';
import type { BlockMemory } from '../block-memory.ts';
import type { TransferRate } from '../content/transfer-handle.ts';
import type { ClientSession, DownloadOptions, Transfer, UploadOptions } from '../contract.ts';
import type { Lanes } from '../lane/lanes.ts';
import { toRatePolicy } from '../rate-policy-options.ts';
import type { StorageWorkers } from '../storage/storage-workers.ts';
import type { ClientPaths } from './client-paths.ts';
import { type BeginAttempt, ClientTransfer, type TransferHost } from './client-transfer.ts';
import type { Dialler } from './dialler.ts';
import { Download, downloadRate } from './download.ts';
import type { Link } from './link.ts';
import { LinkKeeper, type LinkKeeperOptions } from './link-keeper.ts';
import type { SessionRates } from './session-rates.ts';
import { beginUpload, localSource, type UploadSource, uploadRate } from './upload.ts';

/** What a session has besides its link. */
export interface SessionResources {
  lanes: Promise<Lanes>;
  paths: ClientPaths;
  storage: StorageWorkers;
  /** Of blocks for sending. */
  memory: BlockMemory;
  /** Where downloads keep their records. */
  stateDirectory: string;
  /** Gives back what is the session's alone. @param ended resolves when no transfer uses anything any more */
  close(ended: Promise<unknown>): Promise<void>;
}

/** For whoever runs the session. */
export interface SessionHooks {
  /** There is a link, the first or another one; its login may not be answered yet. */
  onLink?: (link: Link) => void;
  /** There will be none any more. */
  onEnd?: (why: JetStreamError) => void;
}

type LinkTimes = Pick<LinkKeeperOptions<Link>, 'host' | 'connectTimeoutMs' | 'reconnectTimeoutMs' | 'clock'>;

/** A client's session: its transfers, over one link after the other. */
export class ConnectedClient implements ClientSession, TransferHost {
  readonly loggedIn: Promise<string>;
  readonly #resources: SessionResources;
  readonly #rates: SessionRates;
  readonly #hooks: SessionHooks;
  readonly #links: LinkKeeper<Link>;
  readonly #running = new Set<ClientTransfer>();
  readonly #ending = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(
    first: Link,
    dialler: Dialler,
    resources: SessionResources,
    rates: SessionRates,
    times: LinkTimes,
    hooks: SessionHooks = {},
  ) {
    this.#resources = resources;
    this.#rates = rates;
    this.#hooks = hooks;
    this.loggedIn = first.account;
    this.#links = new LinkKeeper(first, {
      ...times,
      find: (timeoutMs, signal) => dialler.find(timeoutMs, signal),
      random: Math.random,
      isWanted: () => this.#running.size > 0,
      onLink: (link) => this.#onLink(link),
      onEnd: (why) => this.#onEnd(why),
    });
    first.account.then(
      () => this.#links.trust(),
      () => undefined,
    );
    rates.attach(first.session);
    hooks.onLink?.(first);
  }

  get storage(): StorageWorkers {
    return this.#resources.storage;
  }

  get link(): Link | undefined {
    return this.#links.link;
  }

  upload(options: UploadOptions): Transfer {
    return this.uploadFrom(localSource(options), options);
  }

  /** As `upload`, of what may be another account's. */
  uploadFrom(source: UploadSource, options: Omit<UploadOptions, 'mappings' | 'symlinks'>): Transfer {
    const begin = beginUpload(options, source, this.#resources.memory);
    return this.#start(begin, uploadRate(this.#rates), options);
  }

  download(options: DownloadOptions): Transfer {
    const download = new Download(options, this.#resources.stateDirectory);
    const begin: BeginAttempt = (attempt) => download.begin(attempt);
    return this.#start(begin, downloadRate(this.#rates), options, () => download.close());
  }

  ridesOut(error: JetStreamError): boolean {
    return this.#links.ridesOut(error);
  }

  describeOutage(): string {
    return this.#links.describeOutage();
  }

  /** A link on which nothing runs any more, e.g. because the server takes no more transfers, gives way to another one. */
  onStranded(): void {
    const strandings = [...this.#running].map(({ stranded }) => stranded);
    const [first] = strandings;
    if (first !== undefined && strandings.every((one) => one !== undefined && one.link === this.link))
      this.#links.abandon(first.error);
  }

  /** Those that are not over, with or without a link. */
  get runningTransfers(): number {
    return this.#running.size;
  }

  /** Of all uploads, from now on. */
  setUploadPolicy(policy: RatePolicy): void {
    this.#rates.setOurs(policy);
  }

  async close(): Promise<void> {
    for (const { handle } of this.#running) handle.cancel();
    await this.end(new JetStreamError('cancelled', 'the session was closed'));
  }

  /** As `close`, but transfers that run fail for that reason. */
  end(why: JetStreamError): Promise<void> {
    this.#links.close(why);
    this.#closed ??= this.#resources.close(Promise.all(this.#ending));
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #start(
    begin: BeginAttempt,
    rate: TransferRate,
    { ratePolicy, signal }: Pick<UploadOptions, 'ratePolicy' | 'signal'>,
    onEnded: () => Promise<void> = async () => undefined,
  ): Transfer {
    const policy = ratePolicy && toRatePolicy(ratePolicy);
    const transfer = new ClientTransfer(this, rate, begin);
    const { handle } = transfer;
    const cancel = () => handle.cancel();
    signal?.addEventListener('abort', cancel);
    this.#running.add(transfer);
    const ending = transfer
      .ended()
      .then(onEnded)
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    void handle.done
      .catch(() => undefined)
      .finally(() => {
        this.#running.delete(transfer);
        signal?.removeEventListener('abort', cancel);
        this.onStranded();
        this.#links.reconsider();
      });
    // Should the session end before the answer, the transfer says so.
    if (policy !== undefined) rate.set(policy).catch(() => undefined);
    if (signal?.aborted === true) cancel();
    else if (this.#links.end !== undefined) transfer.fail(this.#links.end);
    else transfer.open(this.#links.link);
    this.#links.reconsider();
    return handle;
  }

  #onLink(link: Link): void {
    this.#rates.attach(link.session);
    this.#hooks.onLink?.(link);
    for (const transfer of this.#running) transfer.open(link);
  }

  #onEnd(why: JetStreamError): void {
    this.#rates.end(why);
    for (const transfer of this.#running) transfer.fail(why);
    this.#hooks.onEnd?.(why);
  }
}
