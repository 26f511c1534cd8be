import { randomBytes } from 'node:crypto';
import { aeadProvider, fastestCopy, portableAead } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { type Connection, type EndpointOptions, TransportEndpoint } from '@jetstream/transport';
import { BlockMemory } from '../block-memory.ts';
import { monotonicNowUs } from '../monotonic-clock.ts';
import { PathCache } from '../paths/path-cache.ts';
import { SOFTWARE } from '../software.ts';
import type { LaneCommand, LaneConnectionEvent, LaneEvent, LaneOptions } from './lane-messages.ts';
import { ServedConnection } from './served-connection.ts';

const STATS_INTERVAL_US = 100_000;

/** What the endpoint has to know of the datagram path: see `EndpointOptions`. */
export type PathTraits = Pick<EndpointOptions, 'maxDatagramBytes' | 'maxDatagramBytesTo' | 'marksEcn'>;

/** What a lane does, whatever loop turns it: one endpoint, its connections, and the mail of the main thread. */
export class LaneEngine {
  readonly endpoint: TransportEndpoint;
  /** The main thread wants the thread to end. */
  stopping = false;
  readonly #paths = new PathCache({
    nowMs: Date.now,
    onSeen: (path) => this.tell({ lane: 'path-seen', path }),
  });
  readonly #connections = new Map<number, ServedConnection>();
  /** Of which no round trip was measured yet. */
  readonly #unmeasured = new Set<ServedConnection>();
  readonly #numbers = new Map<Connection, number>();
  #outbox: LaneEvent[] = [];
  #statsWanted = false;
  #statsDueUs = 0;
  /** Numbers of incoming connections; the main thread counts upwards. */
  #nextIncoming = -1;

  constructor(options: LaneOptions, path: PathTraits) {
    const { staticPrivateKey, acceptIncoming, congestion, ratePolicy, handshakeTimeoutMs } = options;
    const { index, neighbours } = options;
    this.endpoint = new TransportEndpoint({
      staticPrivateKey,
      aead: options.portable ? portableAead : aeadProvider(),
      ...(options.portable ? {} : { copyBytes: fastestCopy() }),
      blockPool: new BlockMemory(options.maxBlocks),
      randomBytes,
      software: SOFTWARE,
      acceptIncoming,
      congestion,
      ratePolicy,
      ...path,
      ...(options.remembersPaths ? { pathMemory: this.#paths } : {}),
      ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
      ...(neighbours.length === 0 ? {} : { lane: index }),
    });
  }

  run(command: LaneCommand): void {
    if (!('lane' in command)) {
      this.#call(command);
      return;
    }
    switch (command.lane) {
      case 'connect':
        this.#serve(command.connection, this.endpoint.connect(monotonicNowUs(), command.to));
        break;
      case 'learn-path':
        this.#paths.learn(command.path);
        break;
      case 'expect-discover':
        this.endpoint.expectDiscover(command.token);
        break;
      case 'forget-discover':
        this.endpoint.forgetDiscover(command.token);
        break;
      case 'send-discover':
        this.endpoint.sendDiscover(command.token, command.to);
        break;
      case 'stop-accepting':
        this.endpoint.stopAccepting();
        break;
      case 'stop':
        this.stopping = true;
        break;
    }
  }

  /** Takes what the endpoint has to tell into the outbox. */
  collectEvents(): void {
    for (let ready = this.endpoint.pollReady(); ready !== undefined; ready = this.endpoint.pollReady()) {
      this.#connections.get(this.#numbers.get(ready) ?? this.#welcome(ready))?.drainEvents();
    }
    for (let discovered = this.endpoint.pollDiscovered(); discovered !== undefined; ) {
      this.tell({ lane: 'discovered', discovered });
      discovered = this.endpoint.pollDiscovered();
    }
  }

  /** Tells how the connections do, at intervals while anything happens. */
  collectStats(nowUs: number, datagramsMoved: boolean): void {
    if (datagramsMoved) {
      this.#statsWanted = true;
      for (const served of this.#unmeasured) if (served.tellFirstRtt()) this.#unmeasured.delete(served);
    }
    if (!this.#statsWanted || nowUs < this.#statsDueUs) return;
    this.#statsWanted = false;
    this.#statsDueUs = nowUs + STATS_INTERVAL_US;
    for (const served of this.#connections.values()) served.tellStats();
  }

  /** When the loop must turn again; Infinity: when something comes. May lie in the past. */
  nextWakeUs(): number {
    const wakeUs = this.endpoint.nextWakeUs();
    return this.#statsWanted ? Math.min(wakeUs, this.#statsDueUs) : wakeUs;
  }

  tell(event: LaneEvent): void {
    this.#outbox.push(event);
  }

  /** What is to be told since the last time; undefined: nothing. */
  takeOutbox(): LaneEvent[] | undefined {
    if (this.#outbox.length === 0) return undefined;
    const events = this.#outbox;
    this.#outbox = [];
    return events;
  }

  #call({ connection, call, parameters }: Extract<LaneCommand, { call: unknown }>): void {
    const served = this.#connections.get(connection);
    if (served === undefined) return;
    try {
      (served[call] as (...parameters: unknown[]) => void).apply(served, parameters);
    } catch (error) {
      // A fault of ours, which concerns this connection alone.
      const message = error instanceof Error ? error.message : String(error);
      served.close(error instanceof JetStreamError ? error.code : 'internal', message);
    }
  }

  #welcome(connection: Connection): number {
    const number = this.#nextIncoming--;
    this.tell({ lane: 'incoming', connection: number, remoteAddress: connection.remoteAddress });
    this.#serve(number, connection);
    return number;
  }

  #serve(number: number, connection: Connection): void {
    this.#numbers.set(connection, number);
    const tell = (event: LaneConnectionEvent) => this.tell({ connection: number, event });
    const forget = () => {
      this.#connections.delete(number);
      this.#unmeasured.delete(served);
      this.#numbers.delete(connection);
    };
    const served = new ServedConnection(connection, tell, forget);
    this.#connections.set(number, served);
    this.#unmeasured.add(served);
  }
}
