import { CookieJar, staticKeyPair, X25519_BYTES, type X25519KeyPair } from '@jetstream/handshake';
import {
  CONNECTION_ID_BYTES,
  connectionIdFromRandom,
  connectionIdKey,
  Ecn,
  type HandshakePacket,
  isHandshakePacket,
  isProtectedPacket,
  parseHandshakePacket,
} from '@jetstream/protocol';
import { BlockBudget } from '../connection/bulk/block-budget.ts';
import { TransportConnection } from '../connection/connection.ts';
import type { Connection, PathAddress, Transmission } from '../contract.ts';
import type { Discovered, Endpoint, EndpointOptions } from '../endpoint-contract.ts';
import type { ConnectionSetup, EndpointSettings, ManagedConnection } from '../handshake-driver.ts';
import { AwaitedDiscovers } from './awaited-discovers.ts';
import { CompletedHandshake } from './completed-handshake.ts';
import { ConnectionTable, Entry } from './connection-table.ts';
import { resolveEndpointOptions } from './endpoint-settings.ts';
import { IncomingHandshake } from './incoming-handshake.ts';
import { OutgoingHandshake } from './outgoing-handshake.ts';
import { SendSchedule } from './send-schedule.ts';
import { StatelessPackets } from './stateless-packets.ts';
import { Strangers } from './strangers.ts';

/** Where the destination stands in a protected packet. */
const DESTINATION_AT = 1;

type Initial = Extract<HandshakePacket, { type: 'initial' }>;
type Finish = Extract<HandshakePacket, { type: 'reply' | 'finish' }>;

/**
 * All connections on one datagram path, as `Endpoint` describes. Client and server in one: `connect` works whether or not
 * connections are accepted.
 */
export class TransportEndpoint implements Endpoint {
  readonly #settings: EndpointSettings;
  readonly #staticKey: X25519KeyPair;
  readonly #cookies: CookieJar;
  readonly #createConnection: (setup: ConnectionSetup) => ManagedConnection;
  readonly #budget: BlockBudget;
  readonly #strangers: Strangers;
  readonly #table = new ConnectionTable();
  readonly #schedule = new SendSchedule();
  readonly #stateless = new StatelessPackets();
  readonly #discovers = new AwaitedDiscovers();
  readonly #withEvents: Entry[] = [];
  readonly #transmission: Transmission = { bytes: 0, address: { address: '', port: 0 } };
  #accepting: boolean;

  /**
   * @param createConnection what stands behind the handshake; tests give another one
   * @throws JetStreamError `invalid-argument` for an option out of range
   */
  constructor(
    options: EndpointOptions,
    createConnection: (setup: ConnectionSetup) => ManagedConnection = (setup) =>
      new TransportConnection(setup),
  ) {
    this.#settings = resolveEndpointOptions(options);
    this.#budget = new BlockBudget(options.blockPool.maxBlocks);
    this.#strangers = new Strangers(this.#settings.maxStrangersPerNetwork);
    this.#staticKey = staticKeyPair(options.staticPrivateKey);
    this.#cookies = new CookieJar(options.randomBytes);
    this.#createConnection = createConnection;
    this.#accepting = options.acceptIncoming;
  }

  /** Begins a handshake. The server's key, or the failure, comes as an event of the connection. */
  connect(nowUs: number, to: PathAddress): Connection {
    const localConnectionId = this.#newConnectionId();
    const entry = new Entry(localConnectionId);
    const path = { address: to.address, port: to.port };
    const deadlineUs = nowUs + this.#settings.handshakeTimeoutMs * 1000;
    entry.connection = this.#createConnection({
      role: 'client',
      nowUs,
      path,
      settings: this.#settings,
      budget: this.#budget,
      driver: new OutgoingHandshake({
        nowUs,
        to: path,
        deadlineUs,
        localConnectionId,
        staticKey: this.#staticKey,
        settings: this.#settings,
      }),
      host: { onActivity: () => this.#onActivity(entry) },
      loginDeadlineUs: deadlineUs,
    });
    this.#table.add(entry);
    this.#onActivity(entry);
    return entry.connection;
  }

  /** Takes a datagram, whatever it is; its bytes may be changed. */
  receive(
    nowUs: number,
    bytes: Uint8Array,
    from: PathAddress,
    ecn: number = Ecn.NotCapable,
    start = 0,
    end: number = bytes.length,
    waitedUs = 0,
  ): void {
    if (isHandshakePacket(bytes, start, end)) {
      this.#receiveHandshakePacket(nowUs, bytes.subarray(start, end), from);
      return;
    }
    if (!isProtectedPacket(bytes, start, end)) return;
    const entry = this.#table.find(bytes, start + DESTINATION_AT);
    if (entry === undefined) return;
    if (entry.connection === undefined) {
      entry.handshake!.keepEarlyPacket(bytes.subarray(start, end), from, ecn);
      return;
    }
    entry.connection.receive(nowUs, bytes, from, ecn, start, end, waitedUs);
    this.#afterReceipt(nowUs, entry);
  }

  transmit(nowUs: number, out: Uint8Array, at = 0): Transmission {
    if (this.#stateless.length > 0) {
      this.#stateless.transmit(out.subarray(at), this.#transmission);
      return this.#transmission;
    }
    this.#schedule.wakeDue(nowUs);
    for (let entry = this.#schedule.current(); entry !== undefined; entry = this.#schedule.current()) {
      const transmission = entry.transmit(nowUs, out, at);
      if (transmission.bytes > 0) this.#schedule.onSent();
      else this.#schedule.sleep(entry.nextWakeUs());
      this.#settle(nowUs, entry);
      if (transmission.bytes > 0) return transmission;
    }
    this.#transmission.bytes = 0;
    return this.#transmission;
  }

  nextWakeUs(): number {
    return this.#stateless.length > 0 ? Number.NEGATIVE_INFINITY : this.#schedule.nextWakeUs();
  }

  pollReady(): Connection | undefined {
    const entry = this.#withEvents.shift();
    if (entry === undefined) return undefined;
    entry.hasEventsQueued = false;
    return entry.connection;
  }

  expectDiscover(token: Uint8Array): void {
    this.#discovers.expect(token);
  }

  forgetDiscover(token: Uint8Array): void {
    this.#discovers.forget(token);
  }

  sendDiscover(token: Uint8Array, to: PathAddress): void {
    this.#stateless.sendDiscover(to, token);
  }

  pollDiscovered(): Discovered | undefined {
    return this.#discovers.poll();
  }

  /** Connections that are not closed yet, with or without a finished handshake; incoming ones count once they are established. */
  get connectionCount(): number {
    return this.#table.size - this.#table.handshakes;
  }

  /** Clients whose Initial was answered and whose Finish is awaited. */
  get incomingHandshakeCount(): number {
    return this.#table.handshakes;
  }

  stopAccepting(): void {
    this.#accepting = false;
    for (const entry of this.#table.unfinished()) this.#remove(entry);
  }

  #receiveHandshakePacket(nowUs: number, datagram: Uint8Array, from: PathAddress): void {
    if (this.#discovers.receive(datagram, from)) return;
    const packet = parseHandshakePacket(datagram);
    if (packet === undefined) return;
    if (packet.type === 'initial') {
      if (this.#accepting) this.#onInitial(nowUs, packet, from);
    } else if (packet.type === 'unknown-version') {
      if (this.#accepting) this.#stateless.sendVersionNegotiation(from, packet.sourceConnectionId);
    } else {
      const entry = this.#table.get(connectionIdKey(packet.destinationConnectionId));
      if (entry?.connection !== undefined) {
        entry.connection.receive(nowUs, datagram, from);
        this.#afterReceipt(nowUs, entry);
      } else if (entry !== undefined && packet.type === 'finish') {
        this.#onFinish(nowUs, entry, packet, from);
      }
    }
  }

  #onInitial(nowUs: number, initial: Initial, from: PathAddress): void {
    const initialKey = keyOfInitial(initial, from);
    const known = this.#table.getByInitial(initialKey);
    if (known !== undefined) {
      known.handshake?.onRepeatedInitial();
      this.#schedule.reschedule(known);
      return;
    }
    if (this.#table.size >= this.#settings.maxConnections || this.#strangers.areMany(from.address)) return;
    const connectionId = initial.sourceConnectionId;
    if (this.#table.handshakes >= this.#settings.cookieThreshold) {
      const subject = { address: from.address, port: from.port, connectionId };
      if (!this.#cookies.verify(nowUs, initial.cookie, subject)) {
        this.#stateless.sendCookie(from, connectionId, this.#cookies.issue(nowUs, subject));
        return;
      }
    }
    const localConnectionId = this.#newConnectionId();
    const handshake = IncomingHandshake.begin({
      nowUs,
      from,
      peerConnectionId: connectionId,
      firstMessage: initial.noiseMessage,
      localConnectionId,
      staticKey: this.#staticKey,
      settings: this.#settings,
    });
    if (handshake === undefined) return;
    const entry = new Entry(localConnectionId, initialKey);
    entry.handshake = handshake;
    this.#table.add(entry);
    this.#schedule.wake(entry);
  }

  #onFinish(nowUs: number, entry: Entry, finish: Finish, from: PathAddress): void {
    const handshake = entry.handshake!;
    // Others of its network may have come first.
    const keys = this.#strangers.areMany(from.address) ? undefined : handshake.finish(nowUs, finish, from);
    if (keys === undefined) {
      this.#settle(nowUs, entry);
      return;
    }
    const connection = this.#createConnection({
      role: 'server',
      nowUs,
      path: handshake.from,
      settings: this.#settings,
      budget: this.#budget,
      driver: new CompletedHandshake(keys),
      host: { onActivity: () => this.#onActivity(entry) },
      loginDeadlineUs: handshake.deadlineUs,
    });
    this.#table.promote(entry, connection);
    entry.strangerFrom = handshake.from.address;
    this.#strangers.add(entry.strangerFrom);
    for (const { datagram, ecn } of handshake.takeEarlyPackets())
      connection.receive(nowUs, datagram, from, ecn);
    this.#onActivity(entry);
  }

  #afterReceipt(nowUs: number, entry: Entry): void {
    // Asked for datagrams once after all that came in: that costs less than to know what each of them has changed.
    this.#schedule.wake(entry);
    this.#settle(nowUs, entry);
  }

  /** Something happened to a connection outside of `receive` and `transmit`. */
  #onActivity(entry: Entry): void {
    this.#schedule.wake(entry);
    this.#queueEvents(entry);
    if (entry.connection?.isLoggedIn) this.#noStranger(entry);
    if (entry.connection?.isDrained) this.#remove(entry);
  }

  #settle(nowUs: number, entry: Entry): void {
    this.#queueEvents(entry);
    if (entry.isOver(nowUs)) this.#remove(entry);
  }

  #queueEvents(entry: Entry): void {
    if (entry.hasEventsQueued || !entry.connection?.hasEvents) return;
    entry.hasEventsQueued = true;
    this.#withEvents.push(entry);
  }

  #noStranger(entry: Entry): void {
    if (entry.strangerFrom === undefined) return;
    this.#strangers.remove(entry.strangerFrom);
    entry.strangerFrom = undefined;
  }

  /** Its last events may still be taken. */
  #remove(entry: Entry): void {
    this.#noStranger(entry);
    this.#table.remove(entry);
    this.#schedule.forget(entry);
  }

  #newConnectionId(): Uint8Array {
    for (;;) {
      const id = connectionIdFromRandom(this.#settings.randomBytes(CONNECTION_ID_BYTES), this.#settings.lane);
      if (!this.#table.has(id)) return id;
    }
  }
}

/**
 * What makes two Initials the same one (HS-8): address, connection id and the client's ephemeral key, so that somebody who
 * only copies the id cannot take the place of the client.
 */
function keyOfInitial({ sourceConnectionId, noiseMessage }: Initial, { address, port }: PathAddress): string {
  const ephemeralKey = noiseMessage.subarray(0, X25519_BYTES);
  return `${address} ${port} ${toHex(sourceConnectionId)} ${toHex(ephemeralKey)}`;
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
