import { NoiseXX, X25519_BYTES, type X25519KeyPair } from '@jetstream/handshake';
import {
  type AeadAlgorithm,
  connectionIdKey,
  type ErrorCode,
  encodeFinish,
  encodeInitial,
  FLOAT_ZERO,
  JetStreamError,
  PROTOCOL_VERSION,
  parseHandshakePacket,
} from '@jetstream/protocol';
import type { PathAddress, Transmission } from '../contract.ts';
import type { EndpointSettings, HandshakeDriver, HandshakeResult } from '../handshake-driver.ts';
import {
  checkPickedAead,
  encodeOffer,
  encodeOwnParameters,
  noisePrologue,
  type ParsedParameters,
  parseParameters,
} from './handshake-parameters.ts';
import { protectionFrom } from './packet-keys.ts';
import { FIRST_INTERVAL_US, RetransmitTimer } from './retransmit-timer.ts';

export interface OutgoingHandshakeSetup {
  nowUs: number;
  to: PathAddress;
  deadlineUs: number;
  localConnectionId: Uint8Array;
  staticKey: X25519KeyPair;
  settings: EndpointSettings;
}

/** Cookies taken from the server at most: each has us send an Initial at once. */
const MAX_COOKIES = 4;
/** First repetition of a Finish after so many round trips, within bounds. */
const FINISH_INTERVAL_ROUND_TRIPS = 2;
const MIN_FINISH_INTERVAL_US = 25_000;

/** What a genuine Reply told. */
interface Answer {
  algorithm: AeadAlgorithm;
  parameters: ParsedParameters;
  rttUs: number;
}

/**
 * The client's side of a handshake: sends Initial until a Reply opens, shows the server's key, and after `acceptPeer` sends
 * Finish until the connection reports that a packet of the server opened. Packets that are not genuine are passed over.
 */
export class OutgoingHandshake implements HandshakeDriver {
  readonly #setup: OutgoingHandshakeSetup;
  readonly #noise: NoiseXX;
  readonly #firstMessage: Uint8Array;
  readonly #results: HandshakeResult[] = [];
  #state: 'awaiting-reply' | 'awaiting-policy' | 'repeating-finish' | 'over' = 'awaiting-reply';
  #timer = new RetransmitTimer(FIRST_INTERVAL_US);
  #lastSentUs = FLOAT_ZERO;
  #cookie: Uint8Array = new Uint8Array(0);
  #cookiesTaken = 0;
  #badReplies = 0;
  #answer: Answer | undefined;
  #finishMessage: Uint8Array = new Uint8Array(0);

  constructor(setup: OutgoingHandshakeSetup) {
    this.#setup = setup;
    this.#noise = new NoiseXX({
      role: 'initiator',
      prologue: noisePrologue(setup.localConnectionId),
      staticKey: setup.staticKey,
      ephemeralPrivateKey: setup.settings.randomBytes(X25519_BYTES),
    });
    this.#firstMessage = this.#noise.writeMessage(encodeOffer(setup.settings.aead.algorithms));
  }

  receive(nowUs: number, datagram: Uint8Array, _from: PathAddress): void {
    if (this.#state !== 'awaiting-reply') return;
    const packet = parseHandshakePacket(datagram);
    if (packet === undefined || !('destinationConnectionId' in packet)) return;
    const ours = connectionIdKey(this.#setup.localConnectionId);
    if (connectionIdKey(packet.destinationConnectionId) !== ours) return;
    if (packet.type === 'reply') this.#onReply(nowUs, packet.noiseMessage, packet.sourceConnectionId);
    else if (packet.type === 'cookie') this.#onCookie(packet.cookie);
    else if (packet.type === 'version-negotiation') this.#onVersionNegotiation(packet.versions);
  }

  transmit(nowUs: number, out: Uint8Array, transmission: Transmission): void {
    transmission.bytes = 0;
    if (nowUs >= this.#setup.deadlineUs) this.#onDeadline();
    if (nowUs < this.nextWakeUs()) return;
    const { localConnectionId, to } = this.#setup;
    transmission.address = to;
    transmission.bytes =
      this.#state === 'awaiting-reply'
        ? encodeInitial(out, localConnectionId, this.#cookie, this.#firstMessage)
        : encodeFinish(out, this.#answer!.parameters.connectionId, localConnectionId, this.#finishMessage);
    this.#timer.onSent(nowUs);
    this.#lastSentUs = nowUs;
  }

  nextWakeUs(): number {
    if (this.#state === 'over') return Number.POSITIVE_INFINITY;
    if (this.#state === 'awaiting-policy') return this.#setup.deadlineUs;
    return Math.min(this.#timer.dueUs, this.#setup.deadlineUs);
  }

  acceptPeer(_nowUs: number): void {
    if (this.#state !== 'awaiting-policy') return;
    const { settings, localConnectionId } = this.#setup;
    const { algorithm, parameters, rttUs } = this.#answer!;
    this.#finishMessage = this.#noise.writeMessage(encodeOwnParameters(settings, localConnectionId));
    this.#state = 'repeating-finish';
    this.#timer = new RetransmitTimer(finishIntervalUs(rttUs));
    this.#results.push({
      type: 'complete',
      protection: protectionFrom(this.#noise, algorithm, settings),
      localConnectionId,
      peerConnectionId: parameters.connectionId,
      peerParameters: parameters.peer,
      handshakeHash: this.#noise.handshakeHash,
      peerStaticKey: this.#noise.remoteStatic!,
      rttUs,
    });
  }

  pollResult(): HandshakeResult | undefined {
    return this.#results.shift();
  }

  onPacketOpened(): void {
    this.#state = 'over';
  }

  #onReply(nowUs: number, noiseMessage: Uint8Array, sourceConnectionId: Uint8Array): void {
    let payload: Uint8Array;
    try {
      payload = this.#noise.readMessage(noiseMessage);
    } catch {
      // Anybody on the path can send such a thing; the genuine Reply may still come.
      this.#badReplies++;
      return;
    }
    const { settings } = this.#setup;
    try {
      const parameters = parseParameters(payload, sourceConnectionId, settings);
      const algorithm = checkPickedAead(parameters.aeads, settings.aead.algorithms);
      // A second Initial leaves open which one was answered (as Karn's algorithm has it).
      const rttUs = this.#timer.timesSent === 1 ? nowUs - this.#lastSentUs : 0;
      this.#answer = { algorithm, parameters, rttUs };
    } catch (error) {
      this.#fail(
        'handshake-failed',
        error instanceof JetStreamError ? error.message : 'the Reply is unusable',
      );
      return;
    }
    this.#state = 'awaiting-policy';
    this.#results.push({ type: 'peer-key', publicKey: this.#noise.remoteStatic! });
  }

  #onCookie(cookie: Uint8Array): void {
    if (this.#cookiesTaken === MAX_COOKIES) return;
    this.#cookiesTaken++;
    this.#cookie = new Uint8Array(cookie);
    this.#timer = new RetransmitTimer(FIRST_INTERVAL_US);
  }

  #onVersionNegotiation(versions: readonly number[]): void {
    // HS-7: a server that lists our version has no reason to send this.
    if (versions.includes(PROTOCOL_VERSION)) return;
    const theirs = versions.map((version) => `0x${version.toString(16)}`).join(', ');
    this.#fail(
      'version-mismatch',
      `the server speaks protocol version ${theirs}, this is 0x${PROTOCOL_VERSION.toString(16)}: update the older one`,
    );
  }

  #onDeadline(): void {
    const { address, port } = this.#setup.to;
    if (this.#state === 'awaiting-policy') {
      this.#fail('handshake-failed', 'the host key was not accepted in time');
    } else if (this.#state === 'awaiting-reply' && this.#badReplies > 0) {
      this.#fail('handshake-failed', `no answer from ${address} port ${port} (UDP) was genuine`);
    } else if (this.#state === 'awaiting-reply') {
      this.#fail('host-unreachable', `no answer from ${address} port ${port} (UDP)`);
    }
    this.#state = 'over';
  }

  #fail(code: ErrorCode, reason: string): void {
    this.#state = 'over';
    this.#results.push({ type: 'failed', code, reason });
  }
}

function finishIntervalUs(rttUs: number): number {
  if (rttUs === 0) return FIRST_INTERVAL_US;
  return Math.min(Math.max(FINISH_INTERVAL_ROUND_TRIPS * rttUs, MIN_FINISH_INTERVAL_US), FIRST_INTERVAL_US);
}
