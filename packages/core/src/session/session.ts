import {
  type ControlMessage,
  decodeControlMessage,
  type ErrorCode,
  encodeControlMessage,
  encodeTransferMessage,
  JetStreamError,
  type ReceivedBody,
  receiveTransferMessage,
  type TransferBody,
} from '@jetstream/protocol';
import type { Limiter } from '@jetstream/transport';
import type { LaneConnection, SessionEvent } from '../lane/lane-connection.ts';
import { MessageStream } from './message-stream.ts';

/** What one transfer does with what comes in for it. */
export interface TransferHandler extends MessageHandler {
  /** What is told of blocks; undefined before there may be any. */
  readonly content: ContentHandler | undefined;
}

/** What sends or receives the content of a transfer. */
export interface ContentHandler extends MessageHandler {
  onBlockWanted?(): void;
  onBlockAcked?(block: number): void;
  /** What holds the sending of this transfer is another thing now. */
  onLimiter?(limiter: Limiter): void;
  onBlockReceived?(block: number, bytes: Uint8Array): void;
}

interface MessageHandler {
  onMessage(message: { body: ReceivedBody }): void | Promise<void>;
  /** The connection or this transfer is over; called once, with the reason. */
  onClosed(error: JetStreamError): void;
}

/** What a side does with the connection as a whole. */
export interface SessionHandler {
  onPeerKey?(publicKey: Uint8Array): void;
  onControl(message: ControlMessage): void | Promise<void>;
  /** Server: the peer began a transfer; undefined refuses it. */
  onIncomingTransfer?(transfer: number): TransferHandler | undefined;
  onClosed(error: JetStreamError): void;
}

interface OpenTransfer {
  handler: TransferHandler;
  stream: MessageStream;
}

/** One connection's streams and transfers, as typed messages; the same class at both ends. */
export class Session {
  readonly connection: LaneConnection;
  handler: SessionHandler;
  /** The handshake hash, once the keys are in place; rejects with why the session ended before. */
  readonly established: Promise<Uint8Array>;
  #onEstablished!: (handshakeHash: Uint8Array) => void;
  #onNeverEstablished!: (reason: JetStreamError) => void;
  readonly #control: MessageStream;
  readonly #transfers = new Map<number, OpenTransfer>();
  #closed: JetStreamError | undefined;
  #peerKey: Uint8Array | undefined;

  constructor(connection: LaneConnection, handler: SessionHandler) {
    this.connection = connection;
    this.handler = handler;
    this.established = new Promise((resolve, reject) => {
      this.#onEstablished = resolve;
      this.#onNeverEstablished = reject;
    });
    this.established.catch(() => undefined);
    this.#control = new MessageStream(
      connection,
      0,
      (bytes) => this.handler.onControl(decodeControlMessage(bytes)),
      (error) => this.#failConnection(error),
    );
    connection.onEvent = (event) => this.#onEvent(event);
  }

  /** Why the session is over; undefined while it lives. */
  get closed(): JetStreamError | undefined {
    return this.#closed;
  }

  /** Static key that the peer has proved to hold; undefined before `established` resolves. */
  get peerKey(): Uint8Array | undefined {
    return this.#peerKey;
  }

  sendControl(message: ControlMessage): void {
    this.#control.send(encodeControlMessage(message));
  }

  addTransfer(transfer: number, handler: TransferHandler): TransferPort {
    const stream = new MessageStream(
      this.connection,
      transfer,
      (bytes) => handler.onMessage(receiveTransferMessage(bytes)),
      (error) => this.#failConnection(error),
    );
    this.#transfers.set(transfer, { handler, stream });
    return new TransferPort(this, transfer, stream);
  }

  async removeTransfer(transfer: number): Promise<void> {
    if (this.#transfers.delete(transfer)) await this.connection.closeTransfer(transfer);
  }

  close(code: ErrorCode, reason: string): void {
    if (this.#closed === undefined) this.connection.close(code, reason);
  }

  /** Ends the session for a reason of our own that the peer knows already: transfers get it as it is. */
  abandon(reason: JetStreamError): void {
    this.close('none', '');
    this.#end(reason);
  }

  #onEvent(event: SessionEvent): void {
    switch (event.type) {
      case 'peer-key':
        this.handler.onPeerKey?.(event.publicKey);
        break;
      case 'established':
        this.#peerKey = event.peerStaticKey;
        this.#onEstablished(event.handshakeHash);
        break;
      case 'stream-data':
        if (event.stream === 0) this.#control.onBytes(event.bytes);
        else this.#transferFor(event.stream)?.stream.onBytes(event.bytes);
        break;
      case 'stream-writable':
        if (event.stream === 0) this.#control.onWritable();
        else this.#transfers.get(event.stream)?.stream.onWritable();
        break;
      case 'block-wanted':
        this.#transfers.get(event.transfer)?.handler.content?.onBlockWanted?.();
        break;
      case 'limiter':
        this.#transfers.get(event.transfer)?.handler.content?.onLimiter?.(event.limiter);
        break;
      case 'block-acked':
        this.#transfers.get(event.transfer)?.handler.content?.onBlockAcked?.(event.block);
        break;
      case 'block-received':
        this.#transfers.get(event.transfer)?.handler.content?.onBlockReceived?.(event.block, event.bytes);
        break;
      case 'path-changed':
        break;
      case 'closed':
        this.#onClosed(event.code, event.reason, event.byPeer);
        break;
    }
  }

  #transferFor(transfer: number): OpenTransfer | undefined {
    const open = this.#transfers.get(transfer);
    if (open !== undefined) return open;
    const handler = this.handler.onIncomingTransfer?.(transfer);
    if (handler === undefined) void this.connection.closeTransfer(transfer);
    return this.#transfers.get(transfer);
  }

  #failConnection(error: unknown): void {
    const code = error instanceof JetStreamError ? error.code : 'internal';
    const message = error instanceof Error ? error.message : String(error);
    this.close(code, message);
  }

  #onClosed(code: ErrorCode, reason: string, byPeer: boolean): void {
    const silent = byPeer ? 'the peer closed the connection' : 'the connection was closed';
    this.#end(new JetStreamError(code, reason === '' ? silent : reason));
  }

  #end(reason: JetStreamError): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#onNeverEstablished(reason);
    for (const { handler } of this.#transfers.values()) handler.onClosed(reason);
    this.#transfers.clear();
    this.handler.onClosed(reason);
  }
}

/** One transfer's end of a session. */
export class TransferPort {
  readonly transfer: number;
  readonly #session: Session;
  readonly #stream: MessageStream;

  constructor(session: Session, transfer: number, stream: MessageStream) {
    this.#session = session;
    this.transfer = transfer;
    this.#stream = stream;
  }

  get connection(): LaneConnection {
    return this.#session.connection;
  }

  send(body: TransferBody): void {
    this.sendEncoded(encodeTransferMessage({ body }));
  }

  /** @param message a TransferMessage */
  sendEncoded(message: Uint8Array): void {
    if (this.#session.closed === undefined) this.#stream.send(message);
  }

  /** undefined, or resolves when the stream's queue has room again. */
  writable(): Promise<void> | undefined {
    return this.#stream.writable();
  }

  /** @returns resolves when the counts of the connection are as they were at the end of the transfer */
  close(): Promise<void> {
    return this.#session.removeTransfer(this.transfer);
  }
}
