import type { Worker } from 'node:worker_threads';
import type { EventFd } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import type { Discovered, PathAddress } from '@jetstream/transport';
import type { KnownPath } from '../contract.ts';
import { LaneConnection } from './lane-connection.ts';
import type {
  ConnectionCall,
  ConnectionCommands,
  LaneCommand,
  LaneEvent,
  LaneOptions,
  LanePath,
} from './lane-messages.ts';
import { takeNetworkThread } from './lane-thread.ts';

export interface LaneHost {
  /** A peer has come here and finished its handshake. */
  onIncoming(connection: LaneConnection): void;
  /** A connection has ended that learnt something of its path. */
  onPathSeen(path: KnownPath): void;
  /** A Discover packet that was waited for has come. Left out: none is waited for. */
  onDiscovered?(discovered: Discovered): void;
  /** For the log: the datagram path met an error and goes on. */
  onPathError(code: string, message: string): void;
}

/**
 * A thread that owns a UDP socket and the connections on it, as the main thread sees it. Commands are gathered and go out
 * together, once it is ready; the event wakes the thread out of its wait.
 */
export class Lane {
  /** Settles when the port is bound. Rejects with JetStreamError `address-in-use`, `permission-denied`, `invalid-argument`. */
  readonly ready: Promise<LanePath>;
  readonly #worker: Worker;
  readonly #wake: EventFd | undefined;
  readonly #host: LaneHost;
  readonly #connections = new Map<number, LaneConnection>();
  readonly #ended: Promise<void>;
  #outbox: LaneCommand[] = [];
  #nextOutgoing = 1;
  #alive = true;
  #isReady = false;
  #onReady!: (path: LanePath) => void;
  #onFailed!: (error: JetStreamError) => void;

  /** @param wake rings the thread; undefined: it runs on Node's event loop, without native functions */
  constructor(options: Omit<LaneOptions, 'wakeFd'>, wake: EventFd | undefined, host: LaneHost) {
    this.#wake = wake;
    this.#host = host;
    this.ready = new Promise((resolve, reject) => {
      this.#onReady = resolve;
      this.#onFailed = reject;
    });
    this.ready.catch(() => undefined);
    this.#worker = takeNetworkThread();
    this.#worker.on('message', (events: LaneEvent[]) => {
      for (const event of events) this.#onMessage(event);
    });
    this.#worker.on('error', (error) => this.#die(`the network thread failed: ${error.message}`));
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#die('the network thread has ended');
        resolve();
      });
    });
    const laneOptions: LaneOptions = { ...options, wakeFd: wake?.fd };
    this.#worker.postMessage(
      laneOptions,
      options.neighbours.map(({ port }) => port),
    );
  }

  /** Begins a handshake. The server's key, or the failure, comes as an event. */
  connect(to: PathAddress): LaneConnection {
    const connection = this.#nextOutgoing++;
    this.#send({ lane: 'connect', connection, to });
    return this.#addConnection(connection, to);
  }

  /** Tells of a path, for connections to come. */
  learnPath(path: KnownPath): void {
    this.#send({ lane: 'learn-path', path });
  }

  /** Waits for a Discover packet with this token of 16 bytes: the first is told to the host, and none after it. */
  expectDiscover(token: Uint8Array): void {
    this.#send({ lane: 'expect-discover', token });
  }

  /** Waits for it no more. */
  forgetDiscover(token: Uint8Array): void {
    this.#send({ lane: 'forget-discover', token });
  }

  /** Sends one Discover packet, which may get lost. */
  sendDiscover(token: Uint8Array, to: PathAddress): void {
    this.#send({ lane: 'send-discover', token, to });
  }

  /** Takes no new peers. */
  stopAccepting(): void {
    this.#send({ lane: 'stop-accepting' });
  }

  /** Sends what is due, e.g. the end of connections that were closed, and ends the thread. */
  async close(): Promise<void> {
    this.#send({ lane: 'stop' });
    this.#flush();
    await this.#ended;
  }

  #onMessage(message: LaneEvent): void {
    if ('event' in message) {
      this.#connections.get(message.connection)?.receive(message.event);
      return;
    }
    switch (message.lane) {
      case 'incoming':
        this.#host.onIncoming(this.#addConnection(message.connection, message.remoteAddress));
        break;
      case 'ready':
        this.#isReady = true;
        this.#flush();
        this.#onReady(message.path);
        break;
      case 'failed':
        this.#onFailed(new JetStreamError(message.code, message.message));
        break;
      case 'path-seen':
        this.#host.onPathSeen(message.path);
        break;
      case 'discovered':
        this.#host.onDiscovered?.(message.discovered);
        break;
      case 'path-error':
        this.#host.onPathError(message.code, message.message);
        break;
    }
  }

  #addConnection(number: number, remoteAddress: PathAddress): LaneConnection {
    const call = <Call extends keyof ConnectionCommands>(
      name: Call,
      ...parameters: Parameters<ConnectionCommands[Call]>
    ) => {
      this.#send({ connection: number, call: name, parameters } as ConnectionCall);
      if (name === 'forget') this.#connections.delete(number);
    };
    const connection = new LaneConnection(remoteAddress, call);
    this.#connections.set(number, connection);
    return connection;
  }

  #send(command: LaneCommand): void {
    if (this.#outbox.push(command) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#outbox.length === 0 || !this.#isReady || !this.#alive) return;
    this.#worker.postMessage(this.#outbox);
    this.#outbox = [];
    this.#wake?.signal();
  }

  #die(reason: string): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#onFailed(new JetStreamError('internal', reason));
    for (const connection of [...this.#connections.values()]) {
      connection.receive({ type: 'closed', code: 'internal', reason, byPeer: false });
    }
  }
}
