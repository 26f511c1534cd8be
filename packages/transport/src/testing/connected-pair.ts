import { PacketProtection } from '@jetstream/handshake';
import {
  AeadAlgorithm,
  type AeadProvider,
  connectionIdFromRandom,
  MAX_DATAGRAM_BYTES,
} from '@jetstream/protocol';
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
  const { seed = 1, nowUs = 0, aead = nullAead, idleTimeoutMs = 30_000 } = options;
  const randomBytes = seededBytes(seededRandom(seed));
  const clientAddress = { address: '198.51.100.7', port: 40_000 };
  const serverAddress = { address: '192.0.2.1', port: 8886 };
  const secrets = { up: randomBytes(32), down: randomBytes(32) };
  const ids = {
    client: connectionIdFromRandom(randomBytes(8)),
    server: connectionIdFromRandom(randomBytes(8)),
  };

  function make(role: 'client' | 'server'): TransportConnection {
    const isClient = role === 'client';
    const settings = resolveEndpointOptions({
      staticPrivateKey: randomBytes(32),
      aead,
      blockPool: (isClient ? options.clientPool : options.serverPool) ?? new CountingPool(1024),
      randomBytes,
      software: 'pair',
      acceptIncoming: !isClient,
      idleTimeoutMs,
      ...options.settings,
    });
    const keys: EstablishedKeys = {
      protection: new PacketProtection({
        aead,
        algorithm: AeadAlgorithm.Aes256Gcm,
        sendSecret: isClient ? secrets.up : secrets.down,
        receiveSecret: isClient ? secrets.down : secrets.up,
        updateAfterPackets: settings.keyUpdatePackets,
      }),
      localConnectionId: isClient ? ids.client : ids.server,
      peerConnectionId: isClient ? ids.server : ids.client,
      peerParameters: {
        initialStreamCreditBytes: INITIAL_STREAM_CREDIT_BYTES,
        initialBlockCredit: INITIAL_BLOCK_CREDIT,
        maxDatagramBytes: MAX_DATAGRAM_BYTES,
        idleTimeoutMs,
        software: 'pair',
      },
      handshakeHash: new Uint8Array(32),
      peerStaticKey: new Uint8Array(32),
      rttUs: isClient ? (options.handshakeRttUs ?? 0) : 0,
    };
    const connection = new TransportConnection({
      role,
      nowUs,
      path: isClient ? serverAddress : clientAddress,
      settings,
      driver: new AgreedKeys(keys),
      host: { onActivity: () => {} },
      loginDeadlineUs: isClient
        ? Number.POSITIVE_INFINITY
        : (options.loginDeadlineUs ?? Number.POSITIVE_INFINITY),
    });
    connection.pollEvent();
    if (options.loggedIn ?? true) connection.raiseLimits();
    return connection;
  }

  return { client: make('client'), server: make('server'), clientAddress, serverAddress };
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
