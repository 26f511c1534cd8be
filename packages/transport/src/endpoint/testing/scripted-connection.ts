import {
  type ErrorCode,
  expandPacketNumber,
  isProtectedPacket,
  PROTECTED_HEADER_BYTES,
  truncatedPacketNumber,
  writeProtectedHeader,
} from '@jetstream/protocol';
import type { ConnectionEvent, PathAddress, Transmission } from '../../contract.ts';
import type { ConnectionSetup, EstablishedKeys, ManagedConnection } from '../../handshake-driver.ts';

const REPEAT_US = 200_000;

/**
 * The least that can stand behind a handshake: once established each side sends packets of one byte until one of the
 * peer's has opened. For tests of the endpoint alone.
 */
export class ScriptedConnection implements Partial<ManagedConnection> {
  readonly setup: ConnectionSetup;
  readonly events: ConnectionEvent[] = [];
  keys: EstablishedKeys | undefined;
  isDrained = false;
  /** Packets still to be sent at once, beyond those above. */
  backlog = 0;
  openedPackets = 0;
  transmitCalls = 0;
  readonly #transmission: Transmission;
  #nextNumber = 0;
  #nextSendUs = Number.POSITIVE_INFINITY;
  isLoggedIn = false;

  constructor(setup: ConnectionSetup) {
    this.setup = setup;
    this.#transmission = { bytes: 0, address: setup.path };
    this.#takeResults();
  }

  get hasEvents(): boolean {
    return this.events.length > 0;
  }

  pollEvent(): ConnectionEvent | undefined {
    return this.events.shift();
  }

  receive(nowUs: number, datagram: Uint8Array, from: PathAddress): void {
    if (datagram[0]! >= 0x80) {
      this.setup.driver.receive(nowUs, datagram, from);
      this.#takeResults();
      return;
    }
    const protection = this.keys?.protection;
    if (protection === undefined || !isProtectedPacket(datagram)) return;
    const number = expandPacketNumber(truncatedPacketNumber(datagram), protection.largestReceived + 1);
    if (protection.open(nowUs, number, datagram, 0, PROTECTED_HEADER_BYTES, datagram.length) < 0) return;
    this.openedPackets++;
    this.setup.driver.onPacketOpened();
    // A last packet tells the peer that its own one arrived.
    if (this.openedPackets === 1) this.backlog++;
    this.#nextSendUs = Number.POSITIVE_INFINITY;
  }

  transmit(nowUs: number, out: Uint8Array): Transmission {
    this.transmitCalls++;
    this.setup.driver.transmit(nowUs, out, this.#transmission);
    this.#takeResults();
    if (this.#transmission.bytes > 0 || this.keys === undefined) return this.#transmission;
    if (!this.isLoggedIn && nowUs >= this.setup.loginDeadlineUs) this.#close('login-timeout', 'too late');
    if (this.isDrained || (this.backlog === 0 && nowUs < this.#nextSendUs)) return this.#transmission;
    if (this.backlog > 0) this.backlog--;
    else this.#nextSendUs = nowUs + REPEAT_US;
    const { protection, peerConnectionId } = this.keys;
    const number = this.#nextNumber++;
    const start = writeProtectedHeader(out, 0, 0, peerConnectionId, number);
    out[start] = 1;
    this.#transmission.bytes = protection.seal(number, out, 0, start, start + 1);
    this.#transmission.address = this.setup.path;
    return this.#transmission;
  }

  nextWakeUs(): number {
    if (this.isDrained) return Number.POSITIVE_INFINITY;
    const { driver, loginDeadlineUs } = this.setup;
    if (this.keys === undefined) return driver.nextWakeUs();
    const own = this.backlog > 0 ? Number.NEGATIVE_INFINITY : this.#nextSendUs;
    const login = this.isLoggedIn ? Number.POSITIVE_INFINITY : loginDeadlineUs;
    return Math.min(driver.nextWakeUs(), own, login);
  }

  acceptPeer(nowUs: number): void {
    this.setup.driver.acceptPeer(nowUs);
    this.#takeResults();
    this.#tellHost();
  }

  raiseLimits(): void {
    this.isLoggedIn = true;
    this.#tellHost();
  }

  close(_nowUs: number, code: ErrorCode, reason: string): void {
    this.#close(code, reason);
    this.#tellHost();
  }

  /** Has that many packets to send at once. */
  queue(packets: number): void {
    this.backlog += packets;
    this.#tellHost();
  }

  #takeResults(): void {
    const { driver } = this.setup;
    for (let result = driver.pollResult(); result !== undefined; result = driver.pollResult()) {
      if (result.type === 'peer-key') this.events.push(result);
      else if (result.type === 'failed') this.#close(result.code, result.reason);
      else {
        this.keys = result;
        this.#nextSendUs = Number.NEGATIVE_INFINITY;
        const { handshakeHash, peerStaticKey, peerParameters } = result;
        const peerSoftware = peerParameters.software;
        this.events.push({ type: 'established', handshakeHash, peerStaticKey, peerSoftware });
      }
    }
  }

  #close(code: ErrorCode, reason: string): void {
    if (this.isDrained) return;
    this.isDrained = true;
    this.events.push({ type: 'closed', code, reason, byPeer: false });
  }

  #tellHost(): void {
    this.setup.host.onActivity(this as unknown as ManagedConnection);
  }
}
