import type { RatePolicy } from '@jetstream/congestion';
import type { ErrorCode } from '@jetstream/protocol';
import type { Connection, ConnectionEvent } from '@jetstream/transport';
import type { Stepped } from '../step-schedule.ts';
import { encodeMessage, MessageReader, type TransferMessage } from './transfer-message.ts';

export interface TransferOptions {
  seed: number;
  bytes: number;
  /** Blocks of any length instead of full ones. Default false. */
  partialBlocks?: boolean;
  /** Length of every message on the transfer's stream; one goes with each block. Default 64. */
  messageBytes?: number;
  /** Blocks of credit that the receiver gives at most; its memory has twice as many. Default 1,024. */
  maxReceiveBlocks?: number;
  /** How fast the sender's disk gives blocks. Default Infinity. */
  produceBytesPerSecond?: number;
  /** How fast the receiver's disk takes blocks. Default Infinity. */
  consumeBytesPerSecond?: Stepped;
  /** Share of blocks that the receiver finds bad the first time. Default 0. */
  badBlockShare?: number;
  /** Of the sender. Default `fair`. */
  ratePolicy?: RatePolicy;
  /** Later rate policies, at times since both sides had a connection. */
  ratePolicySteps?: readonly { readonly afterUs: number; readonly policy: RatePolicy }[];
  /** Virtual time at which the sender begins to offer blocks. Default 0. */
  startUs?: number;
}

/** The only transfer of a simulated connection. */
export const TRANSFER = 1;
export const DEFAULT_MESSAGE_BYTES = 64;
export const DEFAULT_RECEIVE_BLOCKS = 1024;

export interface ClosedHow {
  atUs: number;
  code: ErrorCode;
  reason: string;
  byPeer: boolean;
}

/** What both ends of a transfer have in common: a connection, a stream of messages, and how it ended. */
export abstract class TransferParty {
  connection: Connection | undefined;
  establishedUs: number | undefined;
  onEstablished: () => void = () => {};
  closed: ClosedHow | undefined;
  /** How often the peer was seen at a new address. */
  pathChanges = 0;
  /** May more be written to the stream? */
  protected streamWritable = true;
  readonly #messageBytes: number;
  readonly #reader: MessageReader;
  #written = 0;

  constructor(options: TransferOptions) {
    this.#messageBytes = options.messageBytes ?? DEFAULT_MESSAGE_BYTES;
    this.#reader = new MessageReader(this.#messageBytes);
  }

  /** @throws Error on anything that a correct transport never does */
  onEvent(nowUs: number, connection: Connection, event: ConnectionEvent): void {
    if (this.closed !== undefined) throw new Error(`event ${event.type} after closed`);
    switch (event.type) {
      case 'peer-key':
        connection.acceptPeer(nowUs);
        break;
      case 'established':
        this.connection = connection;
        this.establishedUs = nowUs;
        connection.raiseLimits();
        this.begin(nowUs, connection);
        this.onEstablished();
        break;
      case 'stream-data':
        if (event.stream !== TRANSFER) throw new Error(`data on stream ${event.stream}`);
        this.#reader.read(event.bytes, (message) => this.onMessage(nowUs, message));
        connection.consumeStream(event.stream, event.bytes.length);
        break;
      case 'stream-writable':
        this.streamWritable = true;
        break;
      case 'path-changed':
        this.pathChanges++;
        break;
      case 'closed':
        this.closed = { atUs: nowUs, code: event.code, reason: event.reason, byPeer: event.byPeer };
        break;
      default:
        this.onBulkEvent(nowUs, event);
    }
  }

  /** Does what is possible now; called after events were taken. */
  abstract proceed(nowUs: number): void;
  protected abstract begin(nowUs: number, connection: Connection): void;
  protected abstract onMessage(nowUs: number, message: TransferMessage): void;
  protected abstract onBulkEvent(nowUs: number, event: ConnectionEvent): void;

  protected write(message: TransferMessage): void {
    const bytes = encodeMessage(message, this.#written++, this.#messageBytes);
    this.streamWritable = this.connection!.writeStream(TRANSFER, bytes);
  }
}
