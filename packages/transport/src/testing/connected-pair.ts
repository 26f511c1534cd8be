import { PacketProtection } from '@jetstream/handshake';
import {
  AeadAlgorithm,
  type AeadProvider,
  connectionIdFromRandom,
  MAX_DATAGRAM_BYTES,
} from '@jetstream/protocol';
import { BlockBudget } from '../connection/bulk/block-budget.ts';
import { TransportConnection } from '../connection/connection.ts';
import type { BlockPool, PathAddress } from '../contract.ts';
import { resolveEndpointOptions } from '../endpoint/endpoint-settings.ts';
import { seededBytes, seededRandom } from '../endpoint/testing/seeded-random.ts';
import type { EndpointOptions } from '../endpoint-contract.ts';
import {
  type EstablishedKeys,
  type HandshakeDriver,
  type HandshakeResult,
  INITIAL_BLOCK_CREDIT,
  INITIAL_STREAM_CREDIT_BYTES,
} from '../handshake-driver.ts';
import { CountingPool } from './counting-pool.ts';
import { nullAead } from './null-aead.ts';

const CLIENT_ADDRESS: PathAddress = { address: '198.51.100.7', port: 40_000 };
const SERVER_ADDRESS: PathAddress = { address: '192.0.2.1', port: 8886 };

export interface ConnectedPairOptions {
  /** Seed of all randomness. Default 1. */
  seed?: number;
  nowUs?: number;
  /** Default: no protection at all, `nullAead`. */
  aead?: AeadProvider;
  /** Smaller idle timeout of both sides. Default 30 s. */
  idleTimeoutMs?: number;
  /** RTT that the client's handshake has seen, 0 for none (the default). */
  handshakeRttUs?: number;
  /** HS-6, at the server. Default Infinity. */
  loginDeadlineUs?: number;
  /** Default true: both sides are as after a login. */
  loggedIn?: boolean;
  /** Each default: a pool of 1,024 blocks. */
  clientPool?: BlockPool;
  serverPool?: BlockPool;
  /** Default: one of its own that is without end. */
  serverBudget?: BlockBudget;
  /** For both sides. */
  settings?: Partial<EndpointOptions>;
}

export interface ConnectedPair {
  client: TransportConnection;
  server: TransportConnection;
  clientAddress: PathAddress;
  serverAddress: PathAddress;
}

/** Two connections with keys agreed, as if their handshake just ended; `established` is already taken from their events. */
export function connectedPair(options: ConnectedPairOptions = {}): ConnectedPair {
  const agreement = new Agreement(options);
  return {
    client: agreement.connection('client'),
    server: agreement.connection('server'),
    clientAddress: CLIENT_ADDRESS,
    serverAddress: SERVER_ADDRESS,
  };
}

/** A connection of `role`, and the keys of the other side for a peer that says whatever a test wants. */
export function connectionAndPeerKeys(
  role: 'client' | 'server',
  options: ConnectedPairOptions = {},
): { connection: TransportConnection; peerKeys: EstablishedKeys; peerAddress: PathAddress } {
  const agreement = new Agreement(options);
  return {
    connection: agreement.connection(role),
    peerKeys: agreement.keys(role === 'client' ? 'server' : 'client'),
    peerAddress: role === 'client' ? SERVER_ADDRESS : CLIENT_ADDRESS,
  };
}

/** What a handshake would have agreed on. */
class Agreement {
  private readonly options: ConnectedPairOptions;
  private readonly randomBytes: (length: number) => Uint8Array;
  private readonly secrets: Record<'client' | 'server', Uint8Array>;
  private readonly ids: Record<'client' | 'server', Uint8Array>;

  constructor(options: ConnectedPairOptions) {
    this.options = options;
    this.randomBytes = seededBytes(seededRandom(options.seed ?? 1));
    this.secrets = { client: this.randomBytes(32), server: this.randomBytes(32) };
    this.ids = {
      client: connectionIdFromRandom(this.randomBytes(8)),
      server: connectionIdFromRandom(this.randomBytes(8)),
    };
  }

  keys(role: 'client' | 'server'): EstablishedKeys {
    const { aead = nullAead, idleTimeoutMs = 30_000, handshakeRttUs = 0, settings } = this.options;
    const peer = role === 'client' ? 'server' : 'client';
    const { keyUpdatePackets } = settings ?? {};
    return {
      protection: new PacketProtection({
        aead,
        algorithm: AeadAlgorithm.Aes256Gcm,
        sendSecret: this.secrets[role],
        receiveSecret: this.secrets[peer],
        ...(keyUpdatePackets !== undefined && { updateAfterPackets: keyUpdatePackets }),
      }),
      localConnectionId: this.ids[role],
      peerConnectionId: this.ids[peer],
      peerParameters: {
        initialStreamCreditBytes: INITIAL_STREAM_CREDIT_BYTES,
        initialBlockCredit: INITIAL_BLOCK_CREDIT,
        maxDatagramBytes: MAX_DATAGRAM_BYTES,
        idleTimeoutMs,
        software: 'pair',
      },
      handshakeHash: new Uint8Array(32),
      peerStaticKey: new Uint8Array(32),
      rttUs: role === 'client' ? handshakeRttUs : 0,
    };
  }

  connection(role: 'client' | 'server'): TransportConnection {
    const { options } = this;
    const isClient = role === 'client';
    const connection = new TransportConnection({
      role,
      nowUs: options.nowUs ?? 0,
      path: isClient ? SERVER_ADDRESS : CLIENT_ADDRESS,
      settings: resolveEndpointOptions({
        staticPrivateKey: this.randomBytes(32),
        aead: options.aead ?? nullAead,
        blockPool: (isClient ? options.clientPool : options.serverPool) ?? new CountingPool(1024),
        randomBytes: this.randomBytes,
        software: 'pair',
        acceptIncoming: !isClient,
        ...options.settings,
      }),
      budget: (isClient ? undefined : options.serverBudget) ?? new BlockBudget(Number.POSITIVE_INFINITY),
      driver: new AgreedKeys(this.keys(role)),
      host: { onActivity: () => {} },
      loginDeadlineUs: (isClient ? undefined : options.loginDeadlineUs) ?? Number.POSITIVE_INFINITY,
    });
    connection.pollEvent();
    if (options.loggedIn ?? true) connection.raiseLimits();
    return connection;
  }
}

/** A handshake that is over. */
class AgreedKeys implements HandshakeDriver {
  private result: HandshakeResult | undefined;

  constructor(keys: EstablishedKeys) {
    this.result = { type: 'complete', ...keys };
  }

  pollResult(): HandshakeResult | undefined {
    const { result } = this;
    this.result = undefined;
    return result;
  }

  nextWakeUs(): number {
    return Number.POSITIVE_INFINITY;
  }

  receive(): void {}
  transmit(): void {}
  acceptPeer(): void {}
  onPacketOpened(): void {}
}
