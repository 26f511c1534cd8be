import type { Fate } from './fate.ts';

export const PAGE_BYTES = 4096;
/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;
const ZERO_PAGE = new Uint8Array(PAGE_BYTES);

/**
 * Content of a file as the page cache has it and as the disk has it, and the states that each page had in between: any of them may be on
 * the disk, sector by sector. Pages are never changed, only replaced, so states share them; those never written cost nothing.
 */
export class PagedContent {
  #length = 0;
  readonly #cached = new Map<number, Uint8Array>();
  #diskLength = 0;
  readonly #disk = new Map<number, Uint8Array>();
  /** States of dirty pages, oldest first; the newest is the cached one. */
  readonly #dirty = new Map<number, Uint8Array[]>();
  readonly #lengths: number[] = [];

  get length(): number {
    return this.#length;
  }

  get cachedPages(): number {
    return this.#cached.size;
  }

  get diskPages(): number {
    return this.#disk.size;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0 || this.#lengths.length > 0;
  }

  get dirtyPages(): number {
    return this.#dirty.size;
  }

  /** Pages that the disk will have more when all is written back. */
  get pagesToAllocate(): number {
    let count = 0;
    for (const [page, states] of this.#dirty) {
      if (states.at(-1) !== ZERO_PAGE && !this.#disk.has(page)) count++;
    }
    return count;
  }

  read(into: Uint8Array, position: number): number {
    const byteLength = Math.max(0, Math.min(into.byteLength, this.#length - position));
    for (const { page, from, at, count } of spans(position, byteLength)) {
      const bytes = this.#cached.get(page);
      if (bytes === undefined) into.fill(0, at, at + count);
      else into.set(bytes.subarray(from, from + count), at);
    }
    return byteLength;
  }

  /** Infinity: none. */
  nextData(position: number): number {
    if (position >= this.#length) return Number.POSITIVE_INFINITY;
    const page = Math.floor(position / PAGE_BYTES);
    if (this.#cached.has(page)) return position;
    let next = Number.POSITIVE_INFINITY;
    for (const written of this.#cached.keys()) if (written > page && written < next) next = written;
    return next * PAGE_BYTES < this.#length ? next * PAGE_BYTES : Number.POSITIVE_INFINITY;
  }

  nextHole(position: number): number {
    if (position >= this.#length) return position;
    let page = Math.floor(position / PAGE_BYTES);
    if (!this.#cached.has(page)) return position;
    while (this.#cached.has(page)) page++;
    return Math.min(page * PAGE_BYTES, this.#length);
  }

  write(bytes: Uint8Array, position: number): void {
    // Not `slice`, which of a Buffer is no copy.
    const copy = new Uint8Array(bytes);
    for (const { page, from, at, count } of spans(position, bytes.byteLength)) {
      let next = copy.subarray(at, at + count);
      if (count < PAGE_BYTES) {
        next = (this.#cached.get(page) ?? ZERO_PAGE).slice();
        next.set(copy.subarray(at, at + count), from);
      }
      this.#replace(page, next);
    }
    if (bytes.byteLength > 0) this.#setLength(Math.max(this.#length, position + bytes.byteLength));
  }

  truncate(length: number): void {
    const page = Math.floor(length / PAGE_BYTES);
    const last = this.#cached.get(page);
    if (last !== undefined && length < this.#length) {
      const cut = last.slice();
      cut.fill(0, length % PAGE_BYTES);
      this.#replace(page, length % PAGE_BYTES === 0 ? ZERO_PAGE : cut);
    }
    for (const later of this.#cached.keys()) if (later > page) this.#replace(later, ZERO_PAGE);
    this.#setLength(length);
  }

  /** Zeros that take no room but at the edges. */
  punchHole(position: number, byteLength: number): void {
    const end = Math.min(position + byteLength, this.#length);
    for (const { page, from, count } of this.#cachedSpans(position, end)) {
      if (count === PAGE_BYTES) {
        this.#replace(page, ZERO_PAGE);
        continue;
      }
      const punched = this.#cached.get(page)!.slice();
      punched.fill(0, from, from + count);
      this.#replace(page, punched);
    }
  }

  /** How many of the bytes find room when so many pages may be taken. */
  bytesWithin(freePages: number, position: number, byteLength: number): number {
    let room = freePages;
    for (const { page, at } of spans(position, byteLength)) {
      if (!this.#cached.has(page) && room-- <= 0) return at;
    }
    return byteLength;
  }

  /** All that was written is on the disk. */
  writeBack(): void {
    this.#settle((states) => states - 1);
  }

  /** It was to be written, and was so only in part. The pages count as clean all the same: it is not tried again. */
  loseInWriteBack(fate: Fate): void {
    this.#settle(fate);
    this.#cutDiskTail();
  }

  /** The machine starts anew and has what the disk has. */
  crash(fate: Fate): void {
    this.#settle(fate);
    this.#cutDiskTail();
    this.#cached.clear();
    for (const [page, bytes] of this.#disk) this.#cached.set(page, bytes);
    this.#length = this.#diskLength;
  }

  /** Clean pages will be read from the disk again. */
  dropFromCache(position = 0, byteLength = Number.POSITIVE_INFINITY): void {
    for (const page of new Set([...this.#cached.keys(), ...this.#disk.keys()])) {
      const pageEnd = Math.min((page + 1) * PAGE_BYTES, this.#length);
      const isWithin = page * PAGE_BYTES >= position && pageEnd <= position + byteLength;
      if (!isWithin || this.#dirty.has(page)) continue;
      put(this.#cached, page, this.#disk.get(page) ?? ZERO_PAGE);
    }
  }

  /** On the disk and in what was read of it. */
  flipBit(offset: number, bit: number): void {
    const page = Math.floor(offset / PAGE_BYTES);
    for (const pages of [this.#cached, this.#disk]) {
      const flipped = (pages.get(page) ?? ZERO_PAGE).slice();
      flipped[offset % PAGE_BYTES]! ^= 1 << bit;
      put(pages, page, flipped);
    }
  }

  /** Of those pages alone that were written: the range may be that of 1 TiB. */
  *#cachedSpans(position: number, end: number) {
    for (const page of [...this.#cached.keys()]) {
      const start = page * PAGE_BYTES;
      const from = Math.max(position - start, 0);
      const to = Math.min(end - start, PAGE_BYTES);
      if (to > from) yield { page, from, count: to - from };
    }
  }

  #replace(page: number, bytes: Uint8Array): void {
    put(this.#cached, page, bytes);
    const states = this.#dirty.get(page);
    if (states === undefined) this.#dirty.set(page, [bytes]);
    else states.push(bytes);
  }

  #setLength(length: number): void {
    if (length === this.#length) return;
    this.#length = length;
    this.#lengths.push(length);
  }

  /** Every dirty page gets a state on the disk, and so does the length: it may have grown before the content came (delayed allocation). */
  #settle(fate: Fate): void {
    for (const [page, states] of this.#dirty) {
      const all = [this.#disk.get(page) ?? ZERO_PAGE, ...states];
      put(this.#disk, page, settledPage(all, fate));
    }
    this.#dirty.clear();
    if (this.#lengths.length > 0) {
      this.#diskLength = [this.#diskLength, ...this.#lengths][fate(this.#lengths.length + 1)]!;
    }
    this.#lengths.length = 0;
    for (const page of this.#disk.keys()) if (page * PAGE_BYTES >= this.#diskLength) this.#disk.delete(page);
  }

  /** What lies behind the end is never seen, also when the file grows again. */
  #cutDiskTail(): void {
    const page = Math.floor(this.#diskLength / PAGE_BYTES);
    const last = this.#disk.get(page);
    const end = this.#diskLength % PAGE_BYTES;
    if (last === undefined || Buffer.compare(last.subarray(end), ZERO_PAGE.subarray(end)) === 0) return;
    const cut = last.slice();
    cut.fill(0, end);
    this.#disk.set(page, cut);
  }
}

function settledPage(states: readonly Uint8Array[], fate: Fate): Uint8Array {
  const isTorn = fate(2) === 1;
  if (!isTorn) return states[fate(states.length)]!;
  const picked = Array.from({ length: PAGE_BYTES / SECTOR_BYTES }, () => states[fate(states.length)]!);
  if (picked.every((state) => state === picked[0])) return picked[0]!;
  const torn = new Uint8Array(PAGE_BYTES);
  for (const [sector, state] of picked.entries()) {
    const at = sector * SECTOR_BYTES;
    torn.set(state.subarray(at, at + SECTOR_BYTES), at);
  }
  return torn;
}

function put(pages: Map<number, Uint8Array>, page: number, bytes: Uint8Array): void {
  if (bytes === ZERO_PAGE) pages.delete(page);
  else pages.set(page, bytes);
}

/** The parts of a range that lie in one page each. */
function* spans(position: number, byteLength: number) {
  for (let at = 0; at < byteLength; ) {
    const page = Math.floor((position + at) / PAGE_BYTES);
    const from = (position + at) % PAGE_BYTES;
    const count = Math.min(PAGE_BYTES - from, byteLength - at);
    yield { page, from, at, count };
    at += count;
  }
}
