import type { RatePolicy, RememberedPath } from '@jetstream/congestion';
import type { AeadProvider, CopyBytes } from '@jetstream/protocol';
import type { BlockPool, Connection, DatagramMachine, PathAddress } from './contract.ts';

export type { RememberedPath } from '@jetstream/congestion';

export type CongestionName = 'bbr' | 'cubic';

/** Paths of connections that were, for those to come (Careful Resume). */
export interface PathMemory {
  /** What is known of the path to a peer, asked when a connection to or from there is established; undefined: nothing (any more). */
  recall(peer: PathAddress): RememberedPath | undefined;
  /** What a connection that ends has seen of its path. */
  remember(peer: PathAddress, path: RememberedPath): void;
}

export interface EndpointOptions {
  /** X25519 static private key, 32 bytes. */
  staticPrivateKey: Uint8Array;
  aead: AeadProvider;
  blockPool: BlockPool;
  /** Cryptographically strong random bytes; the only source of randomness. */
  randomBytes: (length: number) => Uint8Array;
  /** How bulk data goes between packets and blocks. Default: the way that works everywhere; the platform's is faster. */
  copyBytes?: CopyBytes;
  software: string;
  /** false: a pure client; Initials are dropped. */
  acceptIncoming: boolean;
  /** What governs the rate policies `fair` and `high`. Default 'bbr'. */
  congestion?: CongestionName;
  /** Of each connection until `setRatePolicy`. Default `fair`. */
  ratePolicy?: RatePolicy;
  /** Default: one that forgets. */
  pathMemory?: PathMemory;
  /** Default 10 s: HS-6. */
  handshakeTimeoutMs?: number;
  /** Default 30 s. */
  idleTimeoutMs?: number;
  /** Unfinished handshakes above which a cookie is demanded. Default 64. */
  cookieThreshold?: number;
  /** Unfinished logins and connections at which Initials are dropped. Default 1,024 connections. */
  maxConnections?: number;
  /** Connections from one IPv4 address or IPv6 /64 that are not logged in; more are not taken. Default 64. */
  maxStrangersPerNetwork?: number;
  /** Largest UDP payload the datagram path takes, e.g. 1,472 or 16,384 on loopback. Default 1,472. */
  maxDatagramBytes?: number;
  /**
   * Largest UDP payload worth trying towards an address. For a path that cannot forbid IP fragments: a probe of the path MTU
   * (RFC 8899) that arrives in pieces proves nothing. Default: `maxDatagramBytes` for all.
   */
  maxDatagramBytesTo?: (address: string) => number;
  /** Packets under one key before a key update (PK-4). Tests lower it. Default 2^22. */
  keyUpdatePackets?: number;
  /** The datagram path marks everything it sends as ECT(0) (RFC 3168): marks that come back count as congestion. Default false. */
  marksEcn?: boolean;
  /** 0…255: named in the connection ids, for whoever has to find the thread of a packet. Default: none is named. */
  lane?: number;
  /** Blocks of credit per transfer after login; grows up to this by itself, as far as the block pool goes. Default 1,024. */
  maxReceiveBlocks?: number;
}

/** A Discover packet that was waited for has come. */
export interface Discovered {
  token: Uint8Array;
  from: PathAddress;
}

/** All connections on one datagram path: demultiplexing, handshakes, cookies, version negotiation. Sans-I/O. */
export interface Endpoint extends DatagramMachine {
  connect(nowUs: number, to: PathAddress): Connection;
  /** A connection with events waiting (drain it with `pollEvent`), or undefined. New incoming connections appear here with `established`. */
  pollReady(): Connection | undefined;
  readonly connectionCount: number;
  /** Waits for a Discover packet with this token of 16 bytes: the first one that comes is told by `pollDiscovered`, and none after it. */
  expectDiscover(token: Uint8Array): void;
  /** Takes `expectDiscover` back. */
  forgetDiscover(token: Uint8Array): void;
  /** Sends one Discover packet; it may get lost. At most 64 wait to be sent, more are dropped. */
  sendDiscover(token: Uint8Array, to: PathAddress): void;
  /** The next Discover packet that was waited for, or undefined. Drain after each `receive`. */
  pollDiscovered(): Discovered | undefined;
  /** Stop taking new connections (drain). */
  stopAccepting(): void;
}
