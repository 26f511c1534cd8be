import type { RatePolicy } from '@jetstream/congestion';
import { JetStreamError, type ServerIdentity } from '@jetstream/protocol';
import type { BlockMemory } from '../../block-memory.ts';
import { ClientPaths } from '../../client/client-paths.ts';
import { startClientLanes } from '../../client/connect.ts';
import type { ConnectedClient, SessionHooks } from '../../client/connected-client.ts';
import type { Link } from '../../client/link.ts';
import { DEFAULT_CONNECT_TIMEOUT_MS, openSession } from '../../client/open-session.ts';
import type { Clock } from '../../clock.ts';
import type { PathStore, Transfer } from '../../contract.ts';
import type { Lanes } from '../../lane/lanes.ts';
import { toRatePolicy } from '../../rate-policy-options.ts';
import type { StorageWorkers } from '../../storage/storage-workers.ts';
import type { Bandwidth, Registered } from '../bandwidth/bandwidth.ts';
import { shareConnection } from '../bandwidth/share-connection.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { DestinationConnection } from './destination-connection.ts';
import type { CredentialStore } from './destination-credentials.ts';
import type { DestinationLink, DestinationLinks, LinkUploadOptions } from './links.ts';
import type { DestinationContact, DestinationRecord } from './record.ts';
import { staticKeyFor } from './vouching.ts';

/** Destinations that are connected at the same time; each has a thread. */
const MAX_CONNECTED = 32;
const DEFAULT_IDLE_MS = 60_000;

export interface ServerLinksOptions {
  credentials: CredentialStore;
  manifests: Pick<Manifests, 'get' | 'sourceOf'>;
  bandwidth: Bandwidth;
  storage: StorageWorkers;
  memory: BlockMemory;
  /** Its Noise key, by which other servers know this one. */
  hostKey: { privateKey: Uint8Array };
  identity: ServerIdentity;
  stateDirectory: string;
  congestion: 'bbr' | 'cubic';
  pathStore: PathStore | undefined;
  portable: boolean;
  clock: Clock;
  onPathFailure: (what: string) => void;
  /** Default 60,000. */
  idleMs?: number | undefined;
  /** Of an outage. Default 600,000. */
  reconnectTimeoutMs?: number | undefined;
}

/** What the links tell, and ask, about destinations. */
export interface DestinationBook {
  /** As it is now; undefined: deleted. */
  get(destinationId: string): Readonly<DestinationRecord> | undefined;
  /** Resolves when the key may be trusted. @throws JetStreamError `host-key-changed`; why it could not be kept */
  acceptKey(destinationId: string, key: Uint8Array): Promise<void>;
  onContact(destinationId: string, contact: Partial<DestinationContact>): void;
  onPackets(destinationId: string, packets: { received: boolean; sent: boolean }): void;
  onState(destinationId: string): void;
}

/** One connection for each destination that has work; all share threads for files, and memory. */
export class ServerLinks implements DestinationLinks {
  readonly #options: ServerLinksOptions;
  readonly #book: DestinationBook;
  readonly #connections = new Map<string, DestinationConnection>();

  constructor(options: ServerLinksOptions, book: DestinationBook) {
    this.#options = options;
    this.#book = book;
  }

  open({ destinationId }: DestinationRecord): DestinationLink {
    const connection = this.#connectionTo(destinationId);
    return {
      get state() {
        return connection.state;
      },
      upload: (options) => this.#upload(destinationId, connection, options),
      setSendRateMax: (sendRateMax) => {
        const record = this.#book.get(destinationId);
        if (record !== undefined) connection.setPolicy(ratePolicyOf({ ...record, sendRateMax }));
      },
      close: () => undefined,
    };
  }

  /** undefined: there was none since the start of the server. */
  get(destinationId: string): DestinationConnection | undefined {
    return this.#connections.get(destinationId);
  }

  /** What the destination is sent at has changed. */
  applyRate(destination: DestinationRecord): void {
    this.get(destination.destinationId)?.setPolicy(ratePolicyOf(destination));
  }

  /** Whatever is sent there fails for that reason; what comes then connects anew. */
  async disconnect(destinationId: string, why: JetStreamError): Promise<void> {
    await this.get(destinationId)?.close(why);
  }

  /** The destination is there no more. */
  async forget(destinationId: string): Promise<void> {
    await this.disconnect(destinationId, new JetStreamError('cancelled', 'the destination was deleted'));
    this.#connections.delete(destinationId);
  }

  async close(): Promise<void> {
    const closing = new JetStreamError('server-closing', 'this server is shutting down');
    await Promise.all([...this.#connections.values()].map((connection) => connection.close(closing)));
  }

  #connectionTo(destinationId: string): DestinationConnection {
    const known = this.#connections.get(destinationId);
    if (known !== undefined) return known;
    let shares: Registered | undefined;
    const connection = new DestinationConnection({
      clock: this.#options.clock,
      idleMs: this.#options.idleMs ?? DEFAULT_IDLE_MS,
      openSession: (hooks, signal) => this.#openSession(destinationId, connection, hooks, signal),
      onLink: (link) => {
        shares = this.#share(link, connection);
        this.#book.onContact(destinationId, contactOver(link));
      },
      onFailure: ({ code, message }) =>
        this.#book.onContact(destinationId, { lastError: code, lastErrorMessage: message }),
      onPackets: (packets) => this.#book.onPackets(destinationId, packets),
      onUploads: () => shares?.changed(),
      onState: () => this.#book.onState(destinationId),
    });
    this.#connections.set(destinationId, connection);
    return connection;
  }

  /** Takes part in the limits of this server, until its end. */
  #share({ session }: Link, connection: DestinationConnection): Registered {
    const transfers = { sending: () => connection.uploads, receiving: () => 0 };
    const shares = shareConnection(this.#options.bandwidth, session, transfers);
    void session.connection.ended.then(() => shares.remove());
    return shares;
  }

  #upload(
    destinationId: string,
    connection: DestinationConnection,
    { manifestId, ...options }: LinkUploadOptions,
  ): Transfer {
    const sourceOf = () => {
      const { manifests } = this.#options;
      const manifest = manifests.get(manifestId);
      if (manifest?.status !== 'complete') {
        throw new JetStreamError('not-found', 'the manifest is not there any more', { subject: manifestId });
      }
      // Else a wrangler might have files sent that only their owner may read.
      if (manifest.owner !== this.#book.get(destinationId)?.owner) {
        throw new JetStreamError(
          'permission-denied',
          `the manifest is of ${manifest.owner}, and the destination is not: use one of the same owner`,
          { subject: manifestId },
        );
      }
      return manifests.sourceOf(manifest);
    };
    return connection.upload(sourceOf, options);
  }

  async #openSession(
    destinationId: string,
    connection: DestinationConnection,
    hooks: SessionHooks,
    signal: AbortSignal,
  ): Promise<ConnectedClient> {
    const destination = this.#book.get(destinationId);
    if (destination === undefined) {
      throw new JetStreamError('not-found', 'the destination is not there any more', {
        subject: destinationId,
      });
    }
    await this.#makeRoomFor(connection, destination);
    const { storage, memory, identity, stateDirectory, clock, reconnectTimeoutMs } = this.#options;
    const { destinationAddress, destinationPort, userName } = destination;
    const login = await this.#options.credentials.loginTo(destination);
    const ratePolicy = ratePolicyOf(destination);
    const { paths, lanes } = this.#startLanes(destination, ratePolicy);
    const session = await openSession({
      host: destinationAddress,
      port: destinationPort,
      login: { user: userName, identity, ...login },
      checkHostKey: (key) => this.#book.acceptKey(destinationId, key),
      resources: {
        lanes,
        paths,
        storage,
        memory,
        stateDirectory,
        close: async (ended) => {
          const closed = lanes.then((started) => started.close()).catch(() => undefined);
          await Promise.all([closed, ended]);
          await paths.settled();
        },
      },
      ratePolicy,
      asksServer: false,
      reconnectTimeoutMs,
      clock,
      awaitsAnswer: true,
      signal,
      hooks,
    });
    // It may have changed meanwhile.
    session.setUploadPolicy(ratePolicyOf(this.#book.get(destinationId) ?? destination));
    return session;
  }

  #startLanes(
    destination: DestinationRecord,
    ratePolicy: RatePolicy,
  ): { paths: ClientPaths; lanes: Promise<Lanes> } {
    const { sourcePort, destinationAddress } = destination;
    const { pathStore, hostKey, congestion, portable, onPathFailure } = this.#options;
    const paths = new ClientPaths(pathStore, onPathFailure);
    const lanes = startClientLanes(
      {
        congestion,
        ratePolicy,
        handshakeTimeoutMs: DEFAULT_CONNECT_TIMEOUT_MS,
        remembersPaths: pathStore !== undefined,
        portable,
        port: sourcePort,
        staticPrivateKey: staticKeyFor(destination, hostKey.privateKey),
      },
      (path) => paths.onSeen(path),
    ).catch((cause) => {
      throw new JetStreamError(
        cause.code,
        `the sourcePort of destination ${destinationAddress} cannot be had: ${cause.message}`,
        { subject: destinationAddress, cause },
      );
    });
    return { paths, lanes };
  }

  /** Of those that are idle one gives way, and whoever has the port that this one is to have. */
  async #makeRoomFor(one: DestinationConnection, { sourcePort }: DestinationRecord): Promise<void> {
    const others = [...this.#connections].filter(([, other]) => other !== one && other.isOpen);
    const idle = others.filter(([, { uploads }]) => uploads === 0);
    const inTheWay = idle.filter(([id]) => sourcePort !== 0 && this.#book.get(id)?.sourcePort === sourcePort);
    if (inTheWay.length === 0 && others.length >= MAX_CONNECTED) {
      if (idle.length === 0) {
        throw new JetStreamError(
          'limit-exceeded',
          `${MAX_CONNECTED} destinations are connected, and no more can be: others come when these are done`,
        );
      }
      inTheWay.push(idle[0]!);
    }
    for (const [, other] of inTheWay) await other.close(new JetStreamError('none', ''));
  }
}

function contactOver({ server, session }: Link): Partial<DestinationContact> {
  return {
    destinationIP: session.connection.remoteAddress.address,
    lastError: null,
    lastErrorMessage: null,
    ...(server !== undefined && {
      lastDestinationServerId: server.id,
      lastDestinationServerUid: server.uid,
    }),
  };
}

/** `sendRateMax` is the rate of 'fixed', and a bound to all others. */
function ratePolicyOf({ ratePolicy: policy, sendRateMax }: DestinationRecord): RatePolicy {
  if (sendRateMax === null) return toRatePolicy({ policy });
  const bitsPerSecond = sendRateMax * 1_000;
  return toRatePolicy(
    policy === 'fixed'
      ? { policy, targetBitsPerSecond: bitsPerSecond }
      : { policy, capBitsPerSecond: bitsPerSecond },
  );
}
