/** What the main thread and a lane say to each other: plain data that `postMessage` clones. */
import type { RatePolicy } from '@jetstream/congestion';
import type { ErrorCode } from '@jetstream/protocol';
import type {
  CongestionName,
  ConnectionEvent,
  ConnectionStats,
  Discovered,
  Limiter,
  PathAddress,
} from '@jetstream/transport';
import type { KnownPath } from '../contract.ts';
import type { LaneNeighbour } from './lane-neighbours.ts';

/** How a lane is born. */
export interface LaneOptions {
  /** UDP; 0 picks a free one. */
  port: number;
  host: string | undefined;
  /** X25519 static private key, 32 bytes. */
  staticPrivateKey: Uint8Array;
  acceptIncoming: boolean;
  congestion: CongestionName;
  /** Of each connection, until `setRatePolicy`. */
  ratePolicy: RatePolicy;
  handshakeTimeoutMs: number | undefined;
  /** Uses what is known of paths, and tells what connections have seen of theirs. */
  remembersPaths: boolean;
  /** Its own number among those that share the port, and the others. */
  index: number;
  neighbours: readonly LaneNeighbour[];
  /** Does without native functions. */
  portable: boolean;
  /** Blocks that its connections may hold for receiving. */
  maxBlocks: number;
  /** Descriptor of the event that wakes it; undefined where there is none: then it runs on Node's event loop. */
  wakeFd: number | undefined;
}

/** What may be asked of a connection; each is one message, and they are carried out in order. */
export interface ConnectionCommands {
  acceptPeer(): void;
  writeStream(stream: number, bytes: Uint8Array): void;
  consumeStream(stream: number, byteCount: number): void;
  openBulkSender(transfer: number): void;
  offerBlock(transfer: number, block: number, bytes: Uint8Array): void;
  openBulkReceiver(transfer: number, maxBlocks: number): void;
  expectBlock(transfer: number, block: number, byteLength: number): void;
  releaseBlock(transfer: number, block: number, again: boolean): void;
  requestBlock(transfer: number, block: number): void;
  closeTransfer(transfer: number): void;
  setRatePolicy(policy: RatePolicy): void;
  setRateCap(bytesPerSecond: number): void;
  raiseLimits(): void;
  ping(): void;
  close(code: ErrorCode, reason: string): void;
  /** The main thread has no more to say of it, and nothing of it in its hands. */
  forget(): void;
}

export type ConnectionCall = {
  [Call in keyof ConnectionCommands]: {
    connection: number;
    call: Call;
    parameters: Parameters<ConnectionCommands[Call]>;
  };
}[keyof ConnectionCommands];

export type LaneCommand =
  | ConnectionCall
  /** Begins a handshake under a number that the main thread chose. */
  | { lane: 'connect'; connection: number; to: PathAddress }
  /** Seen by another lane or process. */
  | { lane: 'learn-path'; path: KnownPath }
  | { lane: 'expect-discover' | 'forget-discover'; token: Uint8Array }
  | { lane: 'send-discover'; token: Uint8Array; to: PathAddress }
  | { lane: 'stop-accepting' }
  /** Sends what is due, e.g. a CLOSE, and ends the thread. */
  | { lane: 'stop' };

/** What a connection tells; what only its lane needs to know of `ConnectionEvent` is left out. */
export type LaneConnectionEvent =
  | Exclude<ConnectionEvent, { type: 'stream-writable' } | { type: 'block-wanted' }>
  /** Bytes of `writeStream` that were taken into a queue with room: they count against the writer no more. */
  | { type: 'stream-taken'; stream: number; byteCount: number }
  /** A block left the queue of those offered. */
  | { type: 'block-taken'; transfer: number }
  /** What holds the sending of a transfer is another thing now. */
  | { type: 'limiter'; transfer: number; limiter: Limiter }
  /** Nothing of the transfer is used or told of any more. */
  | { type: 'transfer-closed'; transfer: number }
  | { type: 'stats'; stats: ConnectionStats };

export type LaneEvent =
  | { connection: number; event: LaneConnectionEvent }
  /** A handshake with a peer that came here is complete; its events follow. */
  | { lane: 'incoming'; connection: number; remoteAddress: PathAddress }
  | { lane: 'ready'; path: LanePath }
  | { lane: 'failed'; code: ErrorCode; message: string }
  /** By a connection that has ended. */
  | { lane: 'path-seen'; path: KnownPath }
  | { lane: 'discovered'; discovered: Discovered }
  /** For the log. */
  | { lane: 'path-error'; code: string; message: string };

/** The datagram path that a lane found. */
export interface LanePath {
  kind: 'native' | 'portable';
  port: number;
  receiveBufferBytes: number;
  /** Why it is not native. */
  refusal: string | undefined;
}
