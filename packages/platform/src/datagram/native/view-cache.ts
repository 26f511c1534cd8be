const SLOT_BITS = 12;

/**
 * Views of one buffer, remembered: places and lengths of datagrams repeat, and making a typed array costs more than a
 * system call's share of a datagram does. Bounded; a view that is not remembered is made anew.
 */
export class ViewCache {
  private readonly memory: ArrayBufferLike;
  private readonly views: (Uint8Array | undefined)[] = new Array(2 ** SLOT_BITS).fill(undefined);

  constructor(memory: ArrayBufferLike) {
    this.memory = memory;
  }

  view(start: number, length: number): Uint8Array {
    const slot = Math.imul(start ^ (length << 16), 0x9e3779b1) >>> (32 - SLOT_BITS);
    const known = this.views[slot];
    if (known !== undefined && known.byteOffset === start && known.length === length) return known;
    const view = new Uint8Array(this.memory, start, length);
    this.views[slot] = view;
    return view;
  }
}
