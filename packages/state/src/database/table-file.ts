import { crc32c } from './crc32c.ts';

/*
 * LevelDB's table format (doc/table_format.md): blocks, each with its compression type (1 byte) and a masked CRC-32C; of these one
 * is an index of the others; at the end a footer that says where the index is. LevelDB checks none of that when it reads, and aborts
 * the process where a block makes no sense: so it is checked before.
 */
const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** A block without entries: one restart point, at 0. */
const EMPTY_BLOCK = Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0);

interface BlockHandle {
  offset: number;
  size: number;
}

/**
 * Finds what is damaged in a table. Into one with a compressed index, which `ClassicLevel.repair` makes, it cannot look.
 * @returns 'sound'; or the table without its damaged blocks; or 'useless' when nothing of it can be had
 */
export function mendTable(table: Uint8Array): 'sound' | 'useless' | Uint8Array {
  const footer = table.byteLength - FOOTER_BYTES;
  if (footer < 0 || MAGIC.some((byte, at) => table[table.byteLength - MAGIC.length + at] !== byte))
    return 'useless';
  const reader = new VarintReader(table, footer);
  const metaindex = reader.handle();
  const index = reader.handle();
  if (!isSound(table, index)) return 'useless';
  if (isCompressed(table, index)) return 'sound';
  const entries = indexEntries(table, index);
  if (entries === undefined) return 'useless';
  const kept = entries.filter(({ block }) => isSound(table, block));
  if (kept.length === entries.length && areFiltersSound(table, metaindex)) return 'sound';
  if (kept.length === 0) return 'useless';
  const newIndex = indexBlock(kept.map(({ bytes }) => bytes));
  const newFooter = new Uint8Array(FOOTER_BYTES);
  const emptyAt = index.offset;
  const indexAt = emptyAt + EMPTY_BLOCK.byteLength + TRAILER_BYTES;
  const handles = [emptyAt, EMPTY_BLOCK.byteLength, indexAt, newIndex.byteLength];
  newFooter.set(handles.flatMap(varint));
  newFooter.set(MAGIC, FOOTER_BYTES - MAGIC.length);
  return Buffer.concat([
    table.subarray(0, emptyAt),
    withTrailer(EMPTY_BLOCK),
    withTrailer(newIndex),
    newFooter,
  ]);
}

/** The metaindex names the filters, which only save reads: a table does without. */
function areFiltersSound(table: Uint8Array, metaindex: BlockHandle): boolean {
  if (!isSound(table, metaindex)) return false;
  const filters = isCompressed(table, metaindex) ? [] : indexEntries(table, metaindex);
  return filters?.every(({ block }) => isSound(table, block)) ?? false;
}

function isCompressed(table: Uint8Array, { offset, size }: BlockHandle): boolean {
  return table[offset + size] !== 0;
}

function isSound(table: Uint8Array, { offset, size }: BlockHandle): boolean {
  const end = offset + size + 1;
  if (!(end + 4 <= table.byteLength - FOOTER_BYTES)) return false;
  const stored = Buffer.from(table.buffer, table.byteOffset, table.byteLength).readUInt32LE(end);
  return stored === maskedCrc(table, offset, end);
}

/** The entries of a block that leads to others, as they stand there; undefined when it is none. */
function indexEntries(table: Uint8Array, { offset, size }: BlockHandle) {
  if (size < 4) return undefined;
  const restarts = Buffer.from(table.buffer, table.byteOffset, table.byteLength).readUInt32LE(
    offset + size - 4,
  );
  const end = offset + size - 4 - restarts * 4;
  const entries: { bytes: Uint8Array; block: BlockHandle }[] = [];
  let at = offset;
  while (at < end) {
    const reader = new VarintReader(table, at);
    const [shared, keyBytes, valueBytes] = [reader.next(), reader.next(), reader.next()];
    const next = reader.at + keyBytes + valueBytes;
    // Each entry stands by itself (restart interval 1).
    if (shared !== 0 || !(next <= end)) return undefined;
    const block = new VarintReader(table, reader.at + keyBytes).handle();
    entries.push({ bytes: table.subarray(at, next), block });
    at = next;
  }
  return at === end ? entries : undefined;
}

function indexBlock(entries: readonly Uint8Array[]): Uint8Array {
  const restarts = new Uint8Array(4 * (entries.length + 1));
  const view = new DataView(restarts.buffer);
  let at = 0;
  for (const [number, entry] of entries.entries()) {
    view.setUint32(number * 4, at, true);
    at += entry.byteLength;
  }
  view.setUint32(entries.length * 4, entries.length, true);
  return Buffer.concat([...entries, restarts]);
}

function withTrailer(block: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(block.byteLength + TRAILER_BYTES);
  bytes.set(block);
  new DataView(bytes.buffer).setUint32(block.byteLength + 1, maskedCrc(bytes, 0, block.byteLength + 1), true);
  return bytes;
}

/** LevelDB's: a CRC of bytes that hold CRCs is no good one. */
function maskedCrc(bytes: Uint8Array, start: number, end: number): number {
  const crc = crc32c(bytes, start, end);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

/** Numbers as LevelDB writes them; what is none becomes NaN, which lies in no table. */
class VarintReader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  handle(): BlockHandle {
    return { offset: this.next(), size: this.next() };
  }

  next(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 50; factor *= 128) {
      const byte = this.#bytes[this.at++] ?? Number.NaN;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
    return Number.NaN;
  }
}
