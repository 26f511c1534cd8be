import { createHash } from 'node:crypto';
import { Packr } from 'msgpackr';

const CHECKSUM_BYTES = 16;
const packr = new Packr({ useRecords: false, mapsAsObjects: true });

export type OpenedValue =
  | { value: unknown }
  /** `damaged`: not what was stored under this key. `newer`: stored by a version of JetStream that is ahead of this one. */
  | { problem: 'damaged' | 'newer' };

/**
 * A value as it is stored: its format's version (1 byte), a checksum, msgpack. The checksum is also over the key, so that a value
 * that comes out at another key is found too. It finds damage; it is no proof against who can write to the database.
 */
export function sealValue(version: number, key: string, value: unknown): Uint8Array {
  const packed = packr.pack(value);
  const sealed = new Uint8Array(1 + CHECKSUM_BYTES + packed.byteLength);
  sealed[0] = version;
  sealed.set(checksum(version, key, packed), 1);
  sealed.set(packed, 1 + CHECKSUM_BYTES);
  return sealed;
}

/** @param version the newest that the caller knows */
export function openValue(version: number, key: string, sealed: Uint8Array): OpenedValue {
  if (sealed.byteLength <= 1 + CHECKSUM_BYTES) return { problem: 'damaged' };
  const packed = sealed.subarray(1 + CHECKSUM_BYTES);
  const expected = sealed.subarray(1, 1 + CHECKSUM_BYTES);
  if (Buffer.compare(checksum(sealed[0]!, key, packed), expected) !== 0) return { problem: 'damaged' };
  if (sealed[0]! > version) return { problem: 'newer' };
  try {
    return { value: packr.unpack(packed) };
  } catch {
    return { problem: 'damaged' };
  }
}

function checksum(version: number, key: string, packed: Uint8Array): Uint8Array {
  // The key ends where it says, whatever the value begins with.
  const head = `${version} ${Buffer.byteLength(key)} ${key}`;
  return createHash('sha256').update(head).update(packed).digest().subarray(0, CHECKSUM_BYTES);
}
