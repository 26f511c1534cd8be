import { AEAD_TAG_BYTES, type AeadAlgorithm, type AeadProvider, JetStreamError } from '@jetstream/protocol';
import { KeyPhase } from './key-phase.ts';
import { ReplayWindow } from './replay-window.ts';

/** PK-4: packets under one key, at the most. Half of what RFC 9001 §6.6 allows AES-GCM. */
export const MAX_PACKETS_PER_KEY = 2 ** 22;
/** PK-6. */
export const MAX_FORGED_PACKETS = 2 ** 20;
/** Bit of the first header byte that tells even from odd key phases. */
export const KEY_PHASE_BIT = 0x40;

/** PK-7: probe timeouts for which the previous receive key is kept. */
const PREVIOUS_KEY_PROBE_TIMEOUTS = 3;
/** An update may have to wait for an acknowledgement, so it is begun before the limit is reached. */
const DEFAULT_UPDATE_AFTER_PACKETS = MAX_PACKETS_PER_KEY - MAX_PACKETS_PER_KEY / 4;

export interface PacketProtectionOptions {
  aead: AeadProvider;
  algorithm: AeadAlgorithm;
  /** 32 bytes each, from Noise `split()`. Copied. */
  sendSecret: Uint8Array;
  receiveSecret: Uint8Array;
  /** Packets under one key after which an update is begun as soon as PK-5 allows. 1…3 × 2^20, default 3 × 2^20. */
  updateAfterPackets?: number;
}

/**
 * Protection of all packets of one connection, both ways: AEAD, key update and replay window (PROTOCOL.md §1.3; the
 * ways of RFC 9001 §6 with a chain of keys for each direction). Nothing is allocated per packet.
 */
export class PacketProtection {
  /** The connection's current probe timeout (RFC 9002 §6.2), kept up to date by it. Default 1 s. */
  probeTimeoutUs = 1_000_000;

  readonly #updateAfterPackets: number;
  #sendPhase = 0;
  #send: KeyPhase;
  #sentUnderKey = 0;
  #largestSent = -1;
  #firstSentInPhase = 0;
  #phaseAcked = false;

  #receivePhase = 0;
  #receive: KeyPhase;
  #next: KeyPhase | undefined;
  #previous: KeyPhase | undefined;
  #previousExpiresUs = 0;
  #lowestReceivedInPhase = Number.POSITIVE_INFINITY;
  readonly #replayWindow = new ReplayWindow();
  #forgedPackets = 0;

  constructor(options: PacketProtectionOptions) {
    this.#updateAfterPackets = Math.min(
      options.updateAfterPackets ?? DEFAULT_UPDATE_AFTER_PACKETS,
      DEFAULT_UPDATE_AFTER_PACKETS,
    );
    this.#send = new KeyPhase(options.aead, options.algorithm, options.sendSecret);
    this.#receive = new KeyPhase(options.aead, options.algorithm, options.receiveSecret);
  }

  /**
   * Seals `buffer[start, end)` in place, with `buffer[headerStart, start)` as associated data, and writes the key phase
   * into the first header byte. Begins a key update by itself when one is due.
   * @param packetNumber above every number sealed before (PK-1)
   * @returns the new end, AEAD_TAG_BYTES further on
   * @throws JetStreamError `internal` when a number comes again, `limit-exceeded` when the key is used up because the
   *   peer acknowledged nothing in 2^20 packets
   */
  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    if (packetNumber <= this.#largestSent) {
      throw new JetStreamError('internal', `packet number ${packetNumber} was used before`);
    }
    if (this.#sentUnderKey >= this.#updateAfterPackets) this.startKeyUpdate();
    if (this.#sentUnderKey >= MAX_PACKETS_PER_KEY) {
      throw new JetStreamError('limit-exceeded', 'the packet key is used up and the peer allows no other');
    }
    this.#largestSent = packetNumber;
    this.#sentUnderKey++;
    buffer[headerStart] = (buffer[headerStart]! & ~KEY_PHASE_BIT) | phaseBit(this.#sendPhase);
    return this.#send.aead.seal(packetNumber, buffer, headerStart, start, end);
  }

  /**
   * Opens `buffer[start, end)` in place; `buffer[headerStart, start)` is the associated data.
   * @returns the end of the plaintext, or -1: the packet is to be dropped (forged, seen before, too old). The bytes of
   *   a dropped packet may have been changed.
   */
  open(
    nowUs: number,
    packetNumber: number,
    buffer: Uint8Array,
    headerStart: number,
    start: number,
    end: number,
  ): number {
    if (end - start < AEAD_TAG_BYTES || this.forgeryLimitReached) return -1;
    if (!this.#replayWindow.isFresh(packetNumber)) return -1;
    const keys = this.#keysFor(nowUs, packetNumber, buffer[headerStart]! & KEY_PHASE_BIT);
    if (keys === undefined) return -1;
    const plaintextEnd = keys.aead.open(packetNumber, buffer, headerStart, start, end);
    if (plaintextEnd < 0) {
      this.#forgedPackets++;
      return -1;
    }
    this.#replayWindow.mark(packetNumber);
    if (keys === this.#next) this.#adoptNextPhase(nowUs, keys);
    if (keys === this.#receive && packetNumber < this.#lowestReceivedInPhase) {
      this.#lowestReceivedInPhase = packetNumber;
    }
    return plaintextEnd;
  }

  /** A packet of ours was acknowledged; the largest of an ACK is enough. */
  onPacketAcked(packetNumber: number): void {
    if (packetNumber >= this.#firstSentInPhase) this.#phaseAcked = true;
  }

  /**
   * Begins a key update with the next packet sealed. `seal` does that by itself; this is for doing it sooner (resume, tests).
   * @returns false when PK-5 does not allow one yet
   */
  startKeyUpdate(): boolean {
    // A peer that has acknowledged the current phase uses it itself; waiting to see that keeps both at most one apart.
    if (!this.#phaseAcked || this.#receivePhase < this.#sendPhase) return false;
    this.#advanceSendPhase();
    return true;
  }

  /** Largest packet number opened, -1 when none was: what a number on the wire is completed with. */
  get largestReceived(): number {
    return this.#replayWindow.largest;
  }

  /** Number of key updates of each direction. */
  get sendPhase(): number {
    return this.#sendPhase;
  }

  get receivePhase(): number {
    return this.#receivePhase;
  }

  /** Packets whose tag did not agree. */
  get forgedPackets(): number {
    return this.#forgedPackets;
  }

  /** PK-6: the connection is to be closed; nothing is opened any more. */
  get forgeryLimitReached(): boolean {
    return this.#forgedPackets >= MAX_FORGED_PACKETS;
  }

  /** Frees all keys. The object is not used afterwards. */
  dispose(): void {
    this.#send.dispose();
    this.#receive.dispose();
    this.#next?.dispose();
    this.#previous?.dispose();
    this.#next = undefined;
    this.#previous = undefined;
  }

  /**
   * One key at most is worth trying: within a direction numbers grow with phases, so a packet of the other phase bit is of
   * the previous phase when its number is below one seen in this phase, and of the next phase otherwise.
   */
  #keysFor(nowUs: number, packetNumber: number, bit: number): KeyPhase | undefined {
    if (bit === phaseBit(this.#receivePhase)) return this.#receive;
    if (packetNumber < this.#lowestReceivedInPhase && this.#receivePhase > 0) {
      if (this.#previous !== undefined && nowUs >= this.#previousExpiresUs) {
        this.#previous.dispose();
        this.#previous = undefined;
      }
      return this.#previous;
    }
    // Derived once, not per packet: a flipped phase bit must not cost more than any other forgery.
    this.#next ??= this.#receive.next();
    return this.#next;
  }

  #adoptNextPhase(nowUs: number, next: KeyPhase): void {
    this.#previous?.dispose();
    this.#previous = this.#receive;
    this.#previousExpiresUs = nowUs + PREVIOUS_KEY_PROBE_TIMEOUTS * this.probeTimeoutUs;
    this.#receive = next;
    this.#next = undefined;
    this.#receivePhase++;
    this.#lowestReceivedInPhase = Number.POSITIVE_INFINITY;
    if (this.#sendPhase < this.#receivePhase) this.#advanceSendPhase();
  }

  #advanceSendPhase(): void {
    const next = this.#send.next();
    this.#send.dispose();
    this.#send = next;
    this.#sendPhase++;
    this.#sentUnderKey = 0;
    this.#firstSentInPhase = this.#largestSent + 1;
    this.#phaseAcked = false;
  }
}

function phaseBit(phase: number): number {
  return phase % 2 === 0 ? 0 : KEY_PHASE_BIT;
}
