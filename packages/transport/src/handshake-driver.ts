/**
 * The seam between a connection (`connection/`) and the handshake that gives it its keys (`endpoint/`).
 *
 * The endpoint makes the connection with a driver. Client: at `connect()`, the driver just begins. Server: only when
 * the client's Finish has opened, so that unfinished handshakes stay small; its driver is then already complete.
 *
 * What the connection does with its driver:
 * - `receive`: datagrams whose first byte has the top bit set go to `driver.receive`, all the others are protected packets;
 *   before completion those are dropped.
 * - After construction and after each `driver.receive`, `driver.transmit` and `driver.acceptPeer` it takes results with
 *   `driver.pollResult()` until undefined: `peer-key` becomes the event of that name, `complete` gives the keys and the
 *   event `established`, `failed` becomes the event `closed`.
 * - `transmit`: `driver.transmit` goes first (Initial, Finish and their repetitions); when it wrote nothing, and keys are
 *   there, the connection's own packets go.
 * - `nextWakeUs`: the smaller of the driver's and its own.
 * - The first protected packet that opens is reported by `driver.onPacketOpened()`: it proves that the Finish arrived.
 *   For that a server's connection sends a PING in its first packet, at once (loss recovery repeats it).
 * - Login deadline (HS-6): the driver's own deadline ends with `complete`; from then on the connection owns the timer and
 *   closes with `login-timeout` at `loginDeadlineUs` unless `raiseLimits()` was called before.
 * - `close` before completion sends nothing: the event `closed`, and the connection is drained at once.
 */
import type { PacketProtection } from '@jetstream/handshake';
import type { ErrorCode } from '@jetstream/protocol';
import type { BlockBudget } from './connection/bulk/block-budget.ts';
import type { Connection, PathAddress, Transmission } from './contract.ts';
import type { EndpointOptions } from './endpoint-contract.ts';

export interface HandshakeDriver {
  /** A handshake packet for this connection. Bad ones are ignored. */
  receive(nowUs: number, datagram: Uint8Array, from: PathAddress): void;
  /** Writes the next handshake datagram that is due, or sets `transmission.bytes` to 0. */
  transmit(nowUs: number, out: Uint8Array, transmission: Transmission): void;
  /** Infinity for never. */
  nextWakeUs(): number;
  /** Client: the policy accepted the server's static key (HS-11). */
  acceptPeer(nowUs: number): void;
  /** Next result, oldest first. `complete` or `failed` is the last. */
  pollResult(): HandshakeResult | undefined;
  /** The first protected packet opened: the handshake is confirmed, nothing of it is repeated any more. */
  onPacketOpened(): void;
}

export type HandshakeResult =
  | { type: 'peer-key'; publicKey: Uint8Array }
  | ({ type: 'complete' } & EstablishedKeys)
  | { type: 'failed'; code: ErrorCode; reason: string };

export interface EstablishedKeys {
  /** Owned by the connection from now on: dispose of it when the connection is drained. */
  protection: PacketProtection;
  /** Destination id of packets to us, and of packets to the peer; 8 bytes. */
  localConnectionId: Uint8Array;
  peerConnectionId: Uint8Array;
  peerParameters: PeerParameters;
  /** 32 bytes; what a login signs (LG-2). */
  handshakeHash: Uint8Array;
  /** X25519, 32 bytes. */
  peerStaticKey: Uint8Array;
  /** RTT seen by the handshake, or 0 when it gave no clean sample (something was sent twice; always so at the server). */
  rttUs: number;
}

/** The peer's `HandshakeParameters`, checked and complete. */
export interface PeerParameters {
  /** Bytes we may send on each stream before any STREAM_CREDIT; below 2^53. */
  initialStreamCreditBytes: number;
  /** Blocks we may begin on each transfer before any BLOCK_CREDIT. */
  initialBlockCredit: number;
  /** Largest UDP payload the peer takes; MIN_DATAGRAM_BYTES…MAX_DATAGRAM_BYTES. */
  maxDatagramBytes: number;
  /** Smaller of both sides' idle timeout (CL-2), above 0. */
  idleTimeoutMs: number;
  /** Printable, at most 100 characters. For logs only. */
  software: string;
}

/** What both sides announce as `initial_stream_credit` and `initial_block_credit`: the most that LG-1 allows before a login. */
export const INITIAL_STREAM_CREDIT_BYTES = 64 * 1024;
export const INITIAL_BLOCK_CREDIT = 2;

/** Endpoint options with every default filled in. */
export type EndpointSettings = Readonly<
  Required<Omit<EndpointOptions, 'lane'>> & Pick<EndpointOptions, 'lane'>
>;

/** How a connection tells its endpoint that something changed outside of `receive` and `transmit`. */
export interface ConnectionHost {
  /**
   * To be called whenever `nextWakeUs()` may have become earlier or an event was queued by a call of the application
   * (writeStream, consumeStream, offerBlock, releaseBlock, acceptPeer, close, setRatePolicy…). Cheap; calling it too often does no harm.
   */
  onActivity(connection: ManagedConnection): void;
}

/** Constructor argument of `TransportConnection` (`connection/connection.ts`). */
export interface ConnectionSetup {
  role: 'client' | 'server';
  nowUs: number;
  /** Where the peer is. */
  path: PathAddress;
  settings: EndpointSettings;
  /** Of the endpoint's block pool. */
  budget: BlockBudget;
  driver: HandshakeDriver;
  host: ConnectionHost;
  /** HS-6, see above. */
  loginDeadlineUs: number;
}

/** What the endpoint needs of a connection beyond its public face. */
export interface ManagedConnection extends Connection {
  /** `pollEvent()` would give an event. */
  readonly hasEvents: boolean;
  /** `raiseLimits` was called. */
  readonly isLoggedIn: boolean;
  /** Closed, and past closing or draining (CL-1): the endpoint forgets it once its events are taken. `transmit` gives nothing more. */
  readonly isDrained: boolean;
}
