import { RangeSet } from './range-set.ts';
import { SentContent } from './sent-content.ts';

const FIRST_CAPACITY = 256;

/** State of a sent packet. A packet that asks for no acknowledgement has none of these. */
export const PacketState = {
  /** Sent, ack-eliciting, no verdict yet. */
  InFlight: 1,
  Acked: 2,
  /** Declared lost; kept for a while, as it may be acknowledged after all. */
  Lost: 4,
  /** Given up with its path; its acknowledgement still tells about its content. */
  Discarded: 8,
} as const;

/** Bit beside the state: a path MTU probe. */
export const MTU_PROBE = 16;

/**
 * Every packet sent that still matters: a ring of typed arrays addressed by packet number, and the records of what the
 * packets carried. Numbers are given out here, once each (PK-1).
 */
export class SentPackets {
  readonly content = new SentContent();
  /** Acknowledged, or never to be: numbers of which an ACK tells nothing new. */
  readonly settled = new RangeSet(16);
  /** Lowest number kept, and the next number to be given out. */
  private first = 0;
  private next = 0;
  private mask = FIRST_CAPACITY - 1;
  private sentAtUs = new Float64Array(FIRST_CAPACITY);
  private sizes = new Uint32Array(FIRST_CAPACITY);
  private states = new Uint8Array(FIRST_CAPACITY);
  private contentStarts = new Float64Array(FIRST_CAPACITY);

  get firstNumber(): number {
    return this.first;
  }

  get nextNumber(): number {
    return this.next;
  }

  get capacity(): number {
    return this.mask + 1;
  }

  /**
   * Enters the packet that was just built, under `nextNumber`.
   * @param contentStart index of its first content record
   * @param state `PacketState.InFlight`, perhaps with MTU_PROBE, or 0 for one that asks for no acknowledgement
   */
  add(nowUs: number, bytes: number, contentStart: number, state: number): void {
    if (this.next - this.first > this.mask) {
      this.releaseSettled(Number.NEGATIVE_INFINITY);
      if (this.next - this.first > this.mask) this.grow();
    }
    const slot = this.next & this.mask;
    this.sentAtUs[slot] = nowUs;
    this.sizes[slot] = bytes;
    this.states[slot] = state;
    this.contentStarts[slot] = contentStart;
    if (state === 0) this.settled.insert(this.next, this.next + 1);
    this.next += 1;
  }

  sentUs(packetNumber: number): number {
    return this.sentAtUs[packetNumber & this.mask]!;
  }

  bytes(packetNumber: number): number {
    return this.sizes[packetNumber & this.mask]!;
  }

  state(packetNumber: number): number {
    return this.states[packetNumber & this.mask]!;
  }

  setState(packetNumber: number, state: number): void {
    this.states[packetNumber & this.mask] = state;
  }

  /** Index of the packet's first content record. */
  contentStart(packetNumber: number): number {
    return this.contentStarts[packetNumber & this.mask]!;
  }

  /** Index behind the packet's last content record. */
  contentEnd(packetNumber: number): number {
    return packetNumber + 1 < this.next
      ? this.contentStarts[(packetNumber + 1) & this.mask]!
      : this.content.end;
  }

  /** Forgets the oldest packets that have a verdict; lost ones only when they were sent before `lostBeforeUs`. */
  releaseSettled(lostBeforeUs: number): void {
    let first = this.first;
    while (first < this.next) {
      const state = this.states[first & this.mask]!;
      if ((state & PacketState.InFlight) !== 0) break;
      const mayComeLate = (state & (PacketState.Lost | PacketState.Discarded)) !== 0;
      if (mayComeLate && this.sentAtUs[first & this.mask]! >= lostBeforeUs) break;
      first += 1;
    }
    if (first === this.first) return;
    this.first = first;
    this.settled.removeBelow(first);
    this.content.releaseBelow(first < this.next ? this.contentStart(first) : this.content.end);
  }

  private grow(): void {
    const { first, next, mask, sentAtUs, sizes, states, contentStarts } = this;
    const capacity = (mask + 1) * 2;
    this.mask = capacity - 1;
    this.sentAtUs = new Float64Array(capacity);
    this.sizes = new Uint32Array(capacity);
    this.states = new Uint8Array(capacity);
    this.contentStarts = new Float64Array(capacity);
    for (let number = first; number < next; number++) {
      const from = number & mask;
      const to = number & this.mask;
      this.sentAtUs[to] = sentAtUs[from]!;
      this.sizes[to] = sizes[from]!;
      this.states[to] = states[from]!;
      this.contentStarts[to] = contentStarts[from]!;
    }
  }
}
