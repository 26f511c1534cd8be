import type { NativeMemory, TunPackets } from '@jetstream/platform';
import { NO_SLOT, type PacketSlots } from '../shaper/packet-slots.ts';
import type { Shaper } from '../shaper/shaper.ts';
import type { DirectionReport } from '../wan-report.ts';

/** Room for a packet of 1,500 bytes, the MTU of both devices, in whole cache lines. */
export const SLOT_BYTES = 1536;
/** So that neither direction waits long for the other. */
export const LARGEST_BATCH = 64;

/** Carries packets from one device to another, through a shaper. */
export class OneWay {
  readonly shaper: Shaper;
  readonly #from: TunPackets;
  readonly #to: TunPackets;
  readonly #arena: NativeMemory;
  readonly #slots: PacketSlots;
  #lost = 0;

  constructor(parts: {
    from: TunPackets;
    to: TunPackets;
    arena: NativeMemory;
    slots: PacketSlots;
    shaper: Shaper;
  }) {
    this.shaper = parts.shaper;
    this.#from = parts.from;
    this.#to = parts.to;
    this.#arena = parts.arena;
    this.#slots = parts.slots;
  }

  /** Takes in what waits, up to a batch. @returns packets */
  take(nowUs: number): number {
    for (let packets = 0; packets < LARGEST_BATCH; packets++) {
      const slot = this.#slots.allocate();
      const room = slot === NO_SLOT ? this.#slots.capacity : slot; // the last place is for what cannot be kept
      const length = this.#from.read(room * SLOT_BYTES, SLOT_BYTES);
      if (slot === NO_SLOT) {
        if (length === 0) return packets;
        this.#lost++;
      } else if (length === 0 || this.#staysOnItsLink(room * SLOT_BYTES)) {
        this.#slots.release(slot);
        if (length === 0) return packets;
      } else {
        this.#slots.lengthBytes[slot] = length;
        this.shaper.offer(nowUs, slot);
      }
    }
    return LARGEST_BATCH;
  }

  /** Hands out what is due, up to a batch. @returns packets */
  deliver(clock: () => number): number {
    this.shaper.advance(clock());
    for (let packets = 0; packets < LARGEST_BATCH; packets++) {
      const nowUs = clock();
      if (this.shaper.firstDueUs > nowUs) return packets;
      const slot = this.shaper.take(nowUs);
      if (!this.#to.write(slot * SLOT_BYTES, this.#slots.lengthBytes[slot]!)) this.#lost++;
      this.#slots.release(slot);
    }
    return LARGEST_BATCH;
  }

  report(nowUs: number): DirectionReport {
    return { ...this.shaper.report(nowUs), lostByEmulation: this.#lost };
  }

  /** Multicast is housekeeping of a link (router and group discovery); no router passes it on. */
  #staysOnItsLink(offset: number): boolean {
    const { bytes } = this.#arena;
    return bytes[offset]! >> 4 === 6 ? bytes[offset + 24] === 0xff : bytes[offset + 16]! >= 224;
  }
}
