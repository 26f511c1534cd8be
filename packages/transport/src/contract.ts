/**
 * The public face of a connection, as core and the simulator use it. Sans-I/O: time comes in as `nowUs`
 * (microseconds of one monotonic clock), datagrams come in by `receive` and go out by `transmit`.
 */
import type { RatePolicy, RatePolicyName } from '@jetstream/congestion';

export interface PathAddress {
  /** IP address as text, without zone or brackets. */
  readonly address: string;
  readonly port: number;
}

/** Result of `transmit`, reused between calls. */
export interface Transmission {
  /** 0: nothing to send now. */
  bytes: number;
  address: PathAddress;
}

export type ConnectionEvent =
  /** Client: the server's static key is known; answer with `acceptPeer()` or `close()`. */
  | { type: 'peer-key'; publicKey: Uint8Array }
  /** Keys are in place. `handshakeHash` is what a login signs; the peer has proved to hold `peerStaticKey` (X25519, 32 bytes). */
  | { type: 'established'; handshakeHash: Uint8Array; peerStaticKey: Uint8Array; peerSoftware: string }
  /** Bytes of a stream, in order. Give credit back with `consumeStream`. */
  | { type: 'stream-data'; stream: number; bytes: Uint8Array }
  /** `writeStream` may be called again (it had returned false). */
  | { type: 'stream-writable'; stream: number }
  /** Sender: every byte of a block offered was acknowledged; its memory is free again. */
  | { type: 'block-acked'; transfer: number; block: number }
  /** Sender: the transport has room for another `offerBlock` on this transfer. */
  | { type: 'block-wanted'; transfer: number }
  /** Receiver: a block is complete; answer with `releaseBlock`. `bytes` is pool memory until then. */
  | { type: 'block-received'; transfer: number; block: number; bytes: Uint8Array }
  | { type: 'path-changed'; address: PathAddress }
  /** Last event of a connection. `code` `none` for an orderly close. */
  | { type: 'closed'; code: import('@jetstream/protocol').ErrorCode; reason: string; byPeer: boolean };

/**
 * What held a sender back for the largest part of the last second.
 * - `congestion`: the path, as the congestion controller takes it
 * - `pacing-cap`: a rate of `setRatePolicy`: its cap, or the target of `fixed`
 * - `peer-storage`: no block credit, and most of what the peer holds waits for its storage
 * - `peer-credit`: no block credit for another reason: the peer's window is too small for the path
 * - `application`: nothing was offered
 * - `cpu`: `transmit` was called so late, again and again, that the rate was not reached
 */
export type Limiter =
  | 'congestion'
  | 'pacing-cap'
  | 'peer-storage'
  | 'peer-credit'
  | 'application'
  | 'cpu'
  | 'none';

/**
 * What is known of ECN towards the peer (RFC 9000 §13.4.2). `off`: our datagrams are not marked. `testing`: nothing was acknowledged
 * yet. `capable`: marks arrive and are reported. `failed`: they are not, or what is reported cannot be.
 */
export type EcnState = 'off' | 'testing' | 'capable' | 'failed';

export interface ConnectionStats {
  smoothedRttUs: number;
  minRttUs: number;
  latestRttUs: number;
  bytesSent: number;
  bytesReceived: number;
  packetsSent: number;
  packetsReceived: number;
  packetsLost: number;
  packetsSpuriouslyLost: number;
  ecnState: EcnState;
  /** Packets of ours that came to the peer with a CE mark (congestion experienced, RFC 3168). */
  packetsMarked: number;
  /** DATA payload bytes sent for the first time, and again. */
  bulkBytesSent: number;
  bulkBytesResent: number;
  bulkBytesAcked: number;
  bytesInFlight: number;
  windowBytes: number;
  /** Bytes per second. */
  pacingRate: number;
  deliveryRate: number;
  datagramBytes: number;
  /** Of all that the connection sends; `transferLimiter` tells of one transfer. */
  limiter: Limiter;
  ratePolicy: RatePolicyName;
  controllerPhase: string;
  forgedPackets: number;
}

/** What takes and makes datagrams by being asked: a connection, and all of them on one path. */
export interface DatagramMachine {
  /**
   * Takes the datagram `bytes[start, end)`, by default all of `bytes`. Many in one buffer, each given by its place, cost less than
   * a view of it for each; the same holds for `transmit`.
   * @param ecn codepoint of the IP header as in `Ecn` (RFC 3168); left out: 0, not capable
   * @param waitedUs how long before `nowUs` it had come to this machine; left out: 0
   */
  receive(
    nowUs: number,
    bytes: Uint8Array,
    from: PathAddress,
    ecn?: number,
    start?: number,
    end?: number,
    waitedUs?: number,
  ): void;
  /** Writes the next datagram due at `nowUs` to `out[at…]`, `at` being 0 when it is not given; call again until it says 0 bytes. */
  transmit(nowUs: number, out: Uint8Array, at?: number): Transmission;
  /** When `transmit` (or a timer inside it) must be called next; Infinity for never. May lie in the past. */
  nextWakeUs(): number;
}

export interface Connection extends DatagramMachine {
  /** Where the peer is now; changes with `path-changed`. */
  readonly remoteAddress: PathAddress;
  /** Next event, oldest first. Drain after each `receive` and `transmit`. */
  pollEvent(): ConnectionEvent | undefined;

  acceptPeer(nowUs: number): void;

  /** Queues bytes (copied). False: queue is over its bound; a `stream-writable` event follows. Bytes are queued all the same. */
  writeStream(stream: number, bytes: Uint8Array): boolean;
  /** The application has dealt with that many bytes of the stream: they become credit for the peer. */
  consumeStream(stream: number, byteCount: number): void;

  /** Begins to send bulk data on a transfer. `block-wanted` events follow. */
  openBulkSender(transfer: number): void;
  /** Hands a block over to be sent: bytes stay untouched until `block-acked`. True: another one is wanted at once. */
  offerBlock(transfer: number, block: number, bytes: Uint8Array): boolean;
  /** What holds the sending of one transfer; `none` when it sends nothing. */
  transferLimiter(transfer: number): Limiter;
  /** Begins to take bulk data on a transfer; at most `maxBlocks` are held in memory at once. */
  openBulkReceiver(transfer: number, maxBlocks: number): void;
  /** Receiver: the manifest says how long a block is (1…BLOCK_BYTES); without it a block never completes. */
  expectBlock(transfer: number, block: number, byteLength: number): void;
  /** Receiver: a received block was dealt with. `again`: its content was bad; it will be sent once more, and is to be expected anew. At most once for a block. */
  releaseBlock(transfer: number, block: number, again: boolean): void;
  /**
   * Receiver: a block that was released was asked for once more, and is to be expected anew. At most once for a block, `again` included;
   * nothing for a block that never came.
   */
  requestBlock(transfer: number, block: number): void;
  /**
   * Ends a transfer here: its bulk state is dropped and late frames for it are ignored, but what was written to its stream
   * is still delivered. May be called when the transfer was never opened here.
   */
  closeTransfer(transfer: number): void;

  /**
   * How fast this side sends, from now on; also before the connection is established.
   * @throws JetStreamError `invalid-argument` for a policy that cannot be
   */
  setRatePolicy(nowUs: number, policy: RatePolicy): void;
  /** Sends no faster than so many bytes per second of UDP payload, whatever the policy; Infinity for no bound. Also before the connection is established. */
  setRateCap(nowUs: number, bytesPerSecond: number): void;
  /** After login: what a peer may use beyond the pre-login limits of PROTOCOL.md LG-1. */
  raiseLimits(): void;
  /** Asks the peer for a sign of life, whatever the congestion window says. Nothing is asked before the handshake is complete. */
  ping(nowUs: number): void;
  stats(): Readonly<ConnectionStats>;
  close(nowUs: number, code: import('@jetstream/protocol').ErrorCode, reason: string): void;
}

/** Memory for received blocks; shared by all connections of a process. Each buffer has BLOCK_BYTES. */
export interface BlockPool {
  /** Blocks that `acquire` gives out at once: no more than that is promised to peers. */
  readonly maxBlocks: number;
  /** undefined when the pool's limit is reached after all: then the peer's datagram is dropped unacknowledged. */
  acquire(): Uint8Array | undefined;
  release(block: Uint8Array): void;
}
