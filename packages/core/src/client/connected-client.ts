import { JetStreamError } from '@jetstream/protocol';
import { BlockMemory } from '../block-memory.ts';
import type { TransferRate } from '../content/transfer-handle.ts';
import type { ClientSession, DownloadOptions, Transfer, UploadOptions } from '../contract.ts';
import type { Lanes } from '../lane/lanes.ts';
import { toRatePolicy } from '../rate-policy-options.ts';
import type { DownloadState } from '../resume/download-state.ts';
import type { StorageWorkers } from '../storage/storage-workers.ts';
import type { ClientPaths } from './client-paths.ts';
import { type BeginAttempt, ClientTransfer, type TransferHost } from './client-transfer.ts';
import type { Dialler } from './dialler.ts';
import { Download, downloadRate } from './download.ts';
import type { Link } from './link.ts';
import { LinkKeeper, type LinkKeeperOptions } from './link-keeper.ts';
import type { SessionRates } from './session-rates.ts';
import { beginUpload, uploadRate } from './upload.ts';

/** Blocks that a client holds for sending: 256 MiB at the very most, allocated only when a long fast path needs them. */
const CLIENT_MAX_BLOCKS = 256;

/** What a client has besides its link, and ends with it. */
export interface ClientResources {
  lanes: Lanes;
  storage: StorageWorkers;
  paths: ClientPaths;
  stateDirectory: string;
  /** Opened ahead, and held until the end. */
  downloads: DownloadState | undefined;
}

type LinkTimes = Pick<LinkKeeperOptions<Link>, 'host' | 'connectTimeoutMs' | 'reconnectTimeoutMs' | 'clock'>;

/** A client's session: its transfers, over one link after the other. */
export class ConnectedClient implements ClientSession, TransferHost {
  readonly loggedIn: Promise<string>;
  readonly #resources: ClientResources;
  readonly #rates: SessionRates;
  readonly #links: LinkKeeper<Link>;
  readonly #memory = new BlockMemory(CLIENT_MAX_BLOCKS);
  readonly #running = new Set<ClientTransfer>();
  readonly #ending = new Set<Promise<void>>();

  constructor(
    first: Link,
    dialler: Dialler,
    resources: ClientResources,
    rates: SessionRates,
    times: LinkTimes,
  ) {
    this.#resources = resources;
    this.#rates = rates;
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
  }

  get storage(): StorageWorkers {
    return this.#resources.storage;
  }

  get link(): Link | undefined {
    return this.#links.link;
  }

  upload(options: UploadOptions): Transfer {
    const rate = uploadRate(this.#rates);
    return this.#start(beginUpload(options, this.#memory), rate, options);
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

  async close(): Promise<void> {
    for (const { handle } of this.#running) handle.cancel();
    this.#links.close(new JetStreamError('cancelled', 'the session was closed'));
    const { storage, lanes, paths, downloads } = this.#resources;
    await Promise.all([storage.close(), lanes.close(), ...this.#ending]);
    await Promise.all([paths.settled(), downloads?.close()]);
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
    for (const transfer of this.#running) transfer.open(link);
  }

  #onEnd(why: JetStreamError): void {
    this.#rates.end(why);
    for (const transfer of this.#running) transfer.fail(why);
  }
}
