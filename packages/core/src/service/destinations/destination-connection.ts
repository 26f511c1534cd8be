import type { RatePolicy } from '@jetstream/congestion';
import { JetStreamError } from '@jetstream/protocol';
import type { ConnectedClient, SessionHooks } from '../../client/connected-client.ts';
import type { Link } from '../../client/link.ts';
import type { UploadSource } from '../../client/upload.ts';
import type { Clock } from '../../clock.ts';
import { asJetStreamError } from '../../content/failure.ts';
import type { Transfer, UploadOptions } from '../../contract.ts';
import { LinkedTransfer } from './linked-transfer.ts';
import type { DestinationLinkState } from './links.ts';

/** How often is looked whether packets came or went. */
const WATCH_MS = 1_000;

/** What a connection needs of whoever keeps destinations. */
export interface ConnectionHost {
  clock: Clock;
  /** How long it stays when there is nothing to send. */
  idleMs: number;
  /** @throws JetStreamError why there is none */
  openSession(hooks: SessionHooks, signal: AbortSignal): Promise<ConnectedClient>;
  onLink(link: Link): void;
  onFailure(error: JetStreamError): void;
  /** More is sent than before, or less. */
  onUploads(): void;
  /** It has another state. */
  onState(): void;
  /** Packets came, or went, within the last second. */
  onPackets(packets: { received: boolean; sent: boolean }): void;
}

/** A session from when it is wanted to its end. */
interface Opening {
  session: Promise<ConnectedClient>;
  abort: AbortController;
}

/** The way to one destination: connected when there is something to send, and for a while after that. */
export class DestinationConnection {
  readonly #host: ConnectionHost;
  #session: ConnectedClient | undefined;
  #opening: Opening | undefined;
  /** Of the session before: what it held, its port for instance, may be had again. */
  #closed: Promise<unknown> = Promise.resolve();
  #uploads = 0;
  #unsetIdle: () => void = () => undefined;
  #unsetWatch: () => void = () => undefined;
  #seen = { received: 0, sent: 0 };
  #toldState: DestinationLinkState = 'disconnected';

  constructor(host: ConnectionHost) {
    this.#host = host;
  }

  get state(): DestinationLinkState {
    if (this.#opening === undefined) return 'disconnected';
    if (this.#session === undefined) return 'negotiating';
    if (this.#session.link !== undefined) return 'connected';
    return this.#uploads > 0 ? 'negotiating' : 'disconnected';
  }

  /** How many are under way. */
  get uploads(): number {
    return this.#uploads;
  }

  /** It holds a port and a thread. */
  get isOpen(): boolean {
    return this.#opening !== undefined;
  }

  /** Smoothed; null while there is no link. */
  get roundTripMs(): number | null {
    const { smoothedRttUs } = this.#session?.link?.session.connection.stats ?? {};
    return smoothedRttUs === undefined ? null : smoothedRttUs / 1_000;
  }

  /** @param sourceOf may throw: then the transfer fails with that */
  upload(sourceOf: () => UploadSource, options: Omit<UploadOptions, 'mappings' | 'symlinks'>): Transfer {
    this.#unsetIdle();
    this.#count(+1);
    const transfer = new LinkedTransfer(this.#ready(), (session) => session.uploadFrom(sourceOf(), options));
    void transfer.done
      .catch(() => undefined)
      .then(() => {
        this.#count(-1);
        this.#rest();
      });
    return transfer;
  }

  /** Of all that is sent, from now on. */
  setPolicy(policy: RatePolicy): void {
    this.#session?.setUploadPolicy(policy);
  }

  /** Transfers that run fail for that reason. */
  async close(why: JetStreamError): Promise<void> {
    const opening = this.#opening;
    this.#forget();
    if (opening !== undefined) {
      opening.abort.abort(why);
      const ended = opening.session.then((session) => session.end(why)).catch(() => undefined);
      this.#closed = Promise.all([this.#closed, ended]);
      this.#tellState();
    }
    await this.#closed;
  }

  #count(change: number): void {
    this.#uploads += change;
    this.#host.onUploads();
  }

  #ready(): Promise<ConnectedClient> {
    // The link was lost while nobody missed it: whoever wants to send now is told at once whether there is another.
    const isStale = this.#session !== undefined && this.#session.link === undefined;
    if (isStale && this.#session?.runningTransfers === 0) void this.close(lost());
    this.#opening ??= this.#open();
    return this.#opening.session;
  }

  #open(): Opening {
    const abort = new AbortController();
    const session = this.#openSession(abort.signal);
    const opening = { session, abort };
    session.then(
      (opened) => {
        if (abort.signal.aborted) return;
        this.#session = opened;
        this.#watch();
        this.#tellState();
        this.#rest();
      },
      (error) => {
        if (abort.signal.aborted) return;
        this.#forget();
        this.#host.onFailure(asJetStreamError(error));
        this.#tellState();
      },
    );
    queueMicrotask(() => this.#tellState());
    return opening;
  }

  async #openSession(signal: AbortSignal): Promise<ConnectedClient> {
    await this.#closed;
    signal.throwIfAborted();
    const hooks: SessionHooks = {
      onLink: (link) => {
        if (signal.aborted) return;
        this.#host.onLink(link);
        this.#tellState();
      },
      onEnd: (why) => {
        if (signal.aborted) return;
        this.#host.onFailure(why);
        void this.close(why);
      },
    };
    return this.#host.openSession(hooks, signal).catch((error) => {
      throw signal.aborted ? signal.reason : error;
    });
  }

  #tellState(): void {
    if (this.state === this.#toldState) return;
    this.#toldState = this.state;
    this.#host.onState();
  }

  #forget(): void {
    this.#unsetIdle();
    this.#unsetWatch();
    this.#opening = undefined;
    this.#session = undefined;
  }

  #rest(): void {
    if (this.#uploads > 0 || this.#session === undefined) return;
    this.#unsetIdle();
    this.#unsetIdle = this.#host.clock.after(this.#host.idleMs, () => {
      if (this.#uploads === 0) void this.close(new JetStreamError('none', ''));
    });
    this.#tellState();
  }

  #watch(): void {
    this.#unsetWatch = this.#host.clock.after(WATCH_MS, () => this.#watch());
    const { packetsReceived = 0, packetsSent = 0 } = this.#session?.link?.session.connection.stats ?? {};
    const packets = {
      received: packetsReceived > this.#seen.received,
      sent: packetsSent > this.#seen.sent,
    };
    this.#seen = { received: packetsReceived, sent: packetsSent };
    if (packets.received || packets.sent) this.#host.onPackets(packets);
  }
}

function lost(): JetStreamError {
  return new JetStreamError('connection-lost', 'the link to the destination was lost');
}
