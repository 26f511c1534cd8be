import { NoiseXX, X25519_BYTES, type X25519KeyPair } from '@jetstream/handshake';
import {
  type AeadAlgorithm,
  connectionIdKey,
  encodeReply,
  type HandshakePacket,
  JetStreamError,
} from '@jetstream/protocol';
import { isSameAddress } from '../connection/path/path-validation.ts';
import type { PathAddress, Transmission } from '../contract.ts';
import type { EndpointSettings, EstablishedKeys } from '../handshake-driver.ts';
import { encodeOwnParameters, noisePrologue, parseParameters, pickAead } from './handshake-parameters.ts';
import { protectionFrom } from './packet-keys.ts';

export interface IncomingHandshakeSetup {
  nowUs: number;
  from: PathAddress;
  /** Source connection id of the Initial, and Noise message 1. */
  peerConnectionId: Uint8Array;
  firstMessage: Uint8Array;
  localConnectionId: Uint8Array;
  staticKey: X25519KeyPair;
  settings: EndpointSettings;
}

interface EarlyPacket {
  readonly datagram: Uint8Array;
  readonly ecn: number;
}

type FinishPacket = Extract<HandshakePacket, { type: 'reply' | 'finish' }>;

/** Protected packets kept until the Finish that was sent before them arrives. */
const MAX_EARLY_PACKETS = 8;

/**
 * The server's side of a handshake, from an Initial until its Finish: small, and gone at the deadline. It answers each
 * Initial with the same Reply (HS-8), which is far shorter than an Initial, and sends nothing by itself (HS-3).
 */
export class IncomingHandshake {
  readonly from: PathAddress;
  /** HS-6. */
  readonly deadlineUs: number;
  readonly #noise: NoiseXX;
  readonly #algorithm: AeadAlgorithm;
  readonly #settings: EndpointSettings;
  readonly #localConnectionId: Uint8Array;
  readonly #peerConnectionId: Uint8Array;
  readonly #replyMessage: Uint8Array;
  readonly #transmission: Transmission;
  #replyDue = true;
  #brokeRule = false;
  #earlyPackets: EarlyPacket[] = [];

  /** @returns undefined for an Initial that cannot be answered: it is to be dropped */
  static begin(setup: IncomingHandshakeSetup): IncomingHandshake | undefined {
    return undefinedIfRefused(() => new IncomingHandshake(setup));
  }

  private constructor(setup: IncomingHandshakeSetup) {
    const { settings } = setup;
    // A copy: the datagram path may use its address object again.
    this.from = { address: setup.from.address, port: setup.from.port };
    this.deadlineUs = setup.nowUs + settings.handshakeTimeoutMs * 1000;
    this.#settings = settings;
    this.#localConnectionId = setup.localConnectionId;
    this.#peerConnectionId = new Uint8Array(setup.peerConnectionId);
    this.#transmission = { bytes: 0, address: this.from };
    this.#noise = new NoiseXX({
      role: 'responder',
      prologue: noisePrologue(this.#peerConnectionId),
      staticKey: setup.staticKey,
      ephemeralPrivateKey: settings.randomBytes(X25519_BYTES),
    });
    this.#algorithm = pickAead(this.#noise.readMessage(setup.firstMessage), settings.aead.algorithms);
    this.#replyMessage = this.#noise.writeMessage(
      encodeOwnParameters(settings, this.#localConnectionId, this.#algorithm),
    );
  }

  onRepeatedInitial(): void {
    this.#replyDue = true;
  }

  /** A protected packet that came before the Finish; copied, or dropped when there are too many. */
  keepEarlyPacket(datagram: Uint8Array, from: PathAddress, ecn: number): void {
    if (this.#earlyPackets.length === MAX_EARLY_PACKETS || !isSameAddress(from, this.from)) return;
    if (datagram.length > this.#settings.maxDatagramBytes) return;
    this.#earlyPackets.push({ datagram: new Uint8Array(datagram), ecn });
  }

  takeEarlyPackets(): EarlyPacket[] {
    const packets = this.#earlyPackets;
    this.#earlyPackets = [];
    return packets;
  }

  /**
   * Reads a Finish.
   * @returns undefined for one to be passed over: not genuine, or not from the address that the Reply was sent to (a client
   *   that knows the Reply could otherwise vouch for any address). One that is genuine but breaks a rule ends the handshake.
   */
  finish(nowUs: number, packet: FinishPacket, from: PathAddress): EstablishedKeys | undefined {
    if (this.isOver(nowUs) || !isSameAddress(from, this.from)) return undefined;
    if (connectionIdKey(packet.sourceConnectionId) !== connectionIdKey(this.#peerConnectionId))
      return undefined;
    const payload = undefinedIfRefused(() => this.#noise.readMessage(packet.noiseMessage));
    if (payload === undefined) return undefined;
    const parameters = undefinedIfRefused(() =>
      parseParameters(payload, this.#peerConnectionId, this.#settings),
    );
    if (parameters === undefined) {
      this.#brokeRule = true;
      return undefined;
    }
    return {
      protection: protectionFrom(this.#noise, this.#algorithm, this.#settings),
      localConnectionId: this.#localConnectionId,
      peerConnectionId: this.#peerConnectionId,
      peerParameters: parameters.peer,
      handshakeHash: this.#noise.handshakeHash,
      peerStaticKey: this.#noise.remoteStatic!,
      // The client's policy took its time between Reply and Finish: no measure of the path.
      rttUs: 0,
    };
  }

  transmit(nowUs: number, out: Uint8Array, at: number): Transmission {
    this.#transmission.bytes = 0;
    if (this.#replyDue && !this.isOver(nowUs)) {
      this.#replyDue = false;
      this.#transmission.bytes = encodeReply(
        out.subarray(at),
        this.#peerConnectionId,
        this.#localConnectionId,
        this.#replyMessage,
      );
    }
    return this.#transmission;
  }

  nextWakeUs(): number {
    return this.#replyDue ? Number.NEGATIVE_INFINITY : this.deadlineUs;
  }

  isOver(nowUs: number): boolean {
    return this.#brokeRule || nowUs >= this.deadlineUs;
  }
}

/** What the client sent is refused by an exception of ours; anything else is a fault in JetStream and goes on. */
function undefinedIfRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof JetStreamError) return undefined;
    throw error;
  }
}
