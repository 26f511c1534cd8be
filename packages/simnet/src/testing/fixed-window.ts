import { Ecn } from '@jetstream/protocol';
import type { PathAddress, Transmission } from '@jetstream/transport';
import type { DatagramHost } from '../datagram-host.ts';

const NUMBER_BYTES = 4;

/**
 * The simplest reliable sender: `window` numbered datagrams in flight, each acknowledged by itself and sent again after
 * a fixed time. With a window of 1 it is stop-and-wait. It tests the network without any transport of ours.
 */
export class FixedWindowSender implements DatagramHost {
  /** Datagrams sent, again or for the first time. */
  sent = 0;
  acked = 0;
  readonly #transmission: Transmission;
  readonly #dueUs: Float64Array;
  readonly #datagramBytes: number;
  readonly #window: number;
  readonly #timeoutUs: number;
  #next = 0;
  #oldest = 0;

  constructor(to: PathAddress, count: number, window: number, datagramBytes: number, timeoutUs: number) {
    this.#transmission = { bytes: 0, address: to };
    this.#dueUs = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    this.#datagramBytes = datagramBytes;
    this.#window = window;
    this.#timeoutUs = timeoutUs;
  }

  get done(): boolean {
    return this.acked === this.#dueUs.length;
  }

  receive(_nowUs: number, datagram: Uint8Array): void {
    const number = readNumber(datagram);
    if (this.#dueUs[number] !== Number.NEGATIVE_INFINITY) {
      this.#dueUs[number] = Number.NEGATIVE_INFINITY;
      this.acked++;
    }
    while (this.#dueUs[this.#oldest] === Number.NEGATIVE_INFINITY) this.#oldest++;
  }

  transmit(nowUs: number, out: Uint8Array): Transmission {
    const number = this.#numberDue(nowUs);
    this.#transmission.bytes = number < 0 ? 0 : this.#datagramBytes;
    if (number >= 0) {
      new DataView(out.buffer, out.byteOffset).setUint32(0, number);
      out.fill(checkByte(number), NUMBER_BYTES, this.#datagramBytes);
      this.#dueUs[number] = nowUs + this.#timeoutUs;
      this.sent++;
    }
    return this.#transmission;
  }

  nextWakeUs(): number {
    let wakeUs = Number.POSITIVE_INFINITY;
    for (let number = this.#oldest; number < this.#next; number++) {
      const dueUs = this.#dueUs[number]!;
      if (dueUs !== Number.NEGATIVE_INFINITY && dueUs < wakeUs) wakeUs = dueUs;
    }
    return wakeUs;
  }

  #numberDue(nowUs: number): number {
    for (let number = this.#oldest; number < this.#next; number++) {
      const dueUs = this.#dueUs[number]!;
      if (dueUs !== Number.NEGATIVE_INFINITY && dueUs <= nowUs) return number;
    }
    return this.#next < this.#dueUs.length && this.#next - this.#oldest < this.#window ? this.#next++ : -1;
  }
}

/** Acknowledges each datagram to the address it came from, by its first four bytes; checks the others. */
export class FixedWindowReceiver implements DatagramHost {
  /** Datagrams by number, in the order of their coming, duplicates included. */
  readonly arrived: number[] = [];
  readonly arrivedUs: number[] = [];
  readonly senders = new Set<string>();
  spoiled = 0;
  marked = 0;
  readonly #owed: { number: number; to: PathAddress }[] = [];
  readonly #transmission: Transmission = { bytes: 0, address: { address: '', port: 0 } };

  receive(nowUs: number, datagram: Uint8Array, from: PathAddress, ecn: number): void {
    const number = readNumber(datagram);
    const check = checkByte(number);
    for (let i = NUMBER_BYTES; i < datagram.length; i++) {
      if (datagram[i] !== check) {
        this.spoiled++;
        return;
      }
    }
    this.arrived.push(number);
    this.arrivedUs.push(nowUs);
    this.senders.add(`${from.address}:${from.port}`);
    if (ecn === Ecn.Ce) this.marked++;
    this.#owed.push({ number, to: from });
  }

  transmit(_nowUs: number, out: Uint8Array): Transmission {
    const ack = this.#owed.shift();
    this.#transmission.bytes = ack === undefined ? 0 : NUMBER_BYTES;
    if (ack !== undefined) {
      new DataView(out.buffer, out.byteOffset).setUint32(0, ack.number);
      this.#transmission.address = ack.to;
    }
    return this.#transmission;
  }

  nextWakeUs(): number {
    return Number.POSITIVE_INFINITY;
  }
}

/** For hosts that need nobody on top of them. */
export const noApplication = { serve: () => false };

function readNumber(datagram: Uint8Array): number {
  return new DataView(datagram.buffer, datagram.byteOffset).getUint32(0);
}

/** All bytes of the number, so that a flipped bit in any of them shows. */
function checkByte(number: number): number {
  return (number ^ (number >>> 8) ^ (number >>> 16) ^ (number >>> 24)) & 0xff;
}
