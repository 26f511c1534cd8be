import { type ConnectionIdKey, connectionIdKey, FLOAT_ZERO, readInt32 } from '@jetstream/protocol';
import type { Transmission } from '../contract.ts';
import type { ManagedConnection } from '../handshake-driver.ts';
import type { IncomingHandshake } from './incoming-handshake.ts';
import type { WakeItem } from './wake-queue.ts';

/** A connection, or an incoming handshake that may become one, with its place in the endpoint's queues. */
export class Entry implements WakeItem {
  /** Local connection id. */
  readonly key: ConnectionIdKey;
  /** The same as two words. */
  readonly idHigh: number;
  readonly idLow: number;
  /** Server: which Initial it came from (HS-8). */
  readonly initialKey: string | undefined;
  /** Exactly one of the two is there. */
  handshake: IncomingHandshake | undefined;
  connection: ManagedConnection | undefined;
  /** Server: address of a peer that has not logged in. */
  strangerFrom: string | undefined;
  isRemoved = false;
  /** Waits for its turn to be asked for datagrams; and who comes after it. */
  isReady = false;
  nextReady: Entry | undefined;
  /** Waits to be handed out for its events. */
  hasEventsQueued = false;
  wakeUs = FLOAT_ZERO;
  heapIndex = -1;

  constructor(localConnectionId: Uint8Array, initialKey?: string) {
    this.key = connectionIdKey(localConnectionId);
    this.idHigh = readInt32(localConnectionId, 0);
    this.idLow = readInt32(localConnectionId, 4);
    this.initialKey = initialKey;
  }

  transmit(nowUs: number, out: Uint8Array, at: number): Transmission {
    return (this.connection ?? this.handshake!).transmit(nowUs, out, at);
  }

  nextWakeUs(): number {
    return (this.connection ?? this.handshake!).nextWakeUs();
  }

  isOver(nowUs: number): boolean {
    return this.connection?.isDrained ?? this.handshake!.isOver(nowUs);
  }
}

/** All entries of an endpoint, by local connection id and by the Initial they came from. */
export class ConnectionTable {
  readonly #byId = new Map<ConnectionIdKey, Entry>();
  readonly #byInitial = new Map<string, Entry>();
  #handshakes = 0;
  /** Found last: most datagrams are for the same connection as the one before. */
  #latest: Entry | undefined;

  /** Connections and unfinished handshakes. */
  get size(): number {
    return this.#byId.size;
  }

  /** Unfinished handshakes of clients. */
  get handshakes(): number {
    return this.#handshakes;
  }

  get(key: ConnectionIdKey): Entry | undefined {
    return this.#byId.get(key);
  }

  /** The entry whose connection id stands at `bytes[at]`. */
  find(bytes: Uint8Array, at: number): Entry | undefined {
    const latest = this.#latest;
    if (
      latest !== undefined &&
      latest.idLow === readInt32(bytes, at + 4) &&
      latest.idHigh === readInt32(bytes, at)
    ) {
      return latest;
    }
    const entry = this.#byId.get(connectionIdKey(bytes, at));
    if (entry !== undefined) this.#latest = entry;
    return entry;
  }

  getByInitial(initialKey: string): Entry | undefined {
    return this.#byInitial.get(initialKey);
  }

  has(localConnectionId: Uint8Array): boolean {
    return this.#byId.has(connectionIdKey(localConnectionId));
  }

  add(entry: Entry): void {
    this.#byId.set(entry.key, entry);
    if (entry.initialKey !== undefined) this.#byInitial.set(entry.initialKey, entry);
    if (entry.handshake !== undefined) this.#handshakes++;
  }

  /** The handshake is complete: its entry goes on as a connection's. */
  promote(entry: Entry, connection: ManagedConnection): void {
    entry.handshake = undefined;
    entry.connection = connection;
    this.#handshakes--;
  }

  remove(entry: Entry): void {
    if (entry.isRemoved) return;
    entry.isRemoved = true;
    if (this.#latest === entry) this.#latest = undefined;
    this.#byId.delete(entry.key);
    if (entry.initialKey !== undefined) this.#byInitial.delete(entry.initialKey);
    if (entry.handshake !== undefined) this.#handshakes--;
  }

  /** Unfinished handshakes, in no order. */
  *unfinished(): Iterable<Entry> {
    for (const entry of this.#byId.values()) if (entry.handshake !== undefined) yield entry;
  }
}
