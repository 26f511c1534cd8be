import { createHash } from 'node:crypto';
import { openValue, sealValue } from '../sealed-value.ts';

/** Chunks that one segment tells of. */
const SEGMENT_CHUNKS = 1_024;
const BITMAP_BYTES = SEGMENT_CHUNKS / 8;
const DIGEST_BYTES = 32;
/** Of the largest file there is, 2^52 bytes. */
const MAX_SEGMENTS = 2 ** 22;
const MAX_NAME_BYTES = 255;
const VERSION = 1;

/** What a half transfer is of: which partial file, and which version of the source. The same for the whole life of a record. */
export interface ResumeHeader {
  /** Name of the partial file, beside its target; for a file written in place the target's own. */
  partialName: string;
  partialInode: number;
  /** Of the source file. */
  size: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  sourceInode: number;
}

/** Which of 1,024 chunks are durable: 128 bytes of bitmap (bit i of byte i>>3, lowest first), then a digest of 32 bytes for each. */
export interface ResumeSegment {
  number: number;
  digests: Uint8Array;
}

export interface ResumeRecord extends ResumeHeader {
  /** Absolute path of the target, preceded by whatever keeps owners apart; that has no slash. */
  key: string;
  /** In ascending order; those that are missing, damaged or of another header are left out. */
  segments: ResumeSegment[];
}

export interface ResumeUpdate {
  key: string;
  header: ResumeHeader;
  /** Those that have changed since the last save. */
  segments: readonly ResumeSegment[];
}

export interface StoredHeader {
  header: ResumeHeader;
  savedAtMs: number;
}

export function encodeHeader(key: string, stored: StoredHeader): Uint8Array {
  return sealValue(VERSION, key, { ...stored.header, savedAtMs: stored.savedAtMs });
}

export function decodeHeader(key: string, sealed: Uint8Array): StoredHeader | 'damaged' | 'newer' {
  const opened = openValue(VERSION, key, sealed);
  if ('problem' in opened) return opened.problem;
  const { savedAtMs, ...header } = (opened.value ?? {}) as ResumeHeader & { savedAtMs: number };
  return isHeader(header) && Number.isFinite(savedAtMs) ? { header, savedAtMs } : 'damaged';
}

/**
 * A segment belongs to the header that it was saved with and says so: one that outlived its record must never speak for another
 * partial file, where a chunk of zeros would agree with any hole.
 */
export function encodeSegment(key: string, header: ResumeHeader, segment: ResumeSegment): Uint8Array {
  return sealValue(VERSION, segmentKey(key, segment.number), {
    header: identityOf(header),
    digests: segment.digests,
  });
}

/** @returns 'stale' for one of another header */
export function decodeSegment(
  key: string,
  header: ResumeHeader,
  sealedKey: string,
  sealed: Uint8Array,
): ResumeSegment | 'stale' | 'damaged' | 'newer' {
  const opened = openValue(VERSION, sealedKey, sealed);
  if ('problem' in opened) return opened.problem;
  const { header: identity, digests } = (opened.value ?? {}) as { header: unknown; digests: unknown };
  const number = Number.parseInt(sealedKey.slice(key.length + 1), 16);
  if (typeof identity !== 'string' || !(digests instanceof Uint8Array)) return 'damaged';
  if (identity !== identityOf(header)) return 'stale';
  // A copy: what was decoded is a view of more.
  const segment = { number, digests: new Uint8Array(digests) };
  return isSegment(segment) ? segment : 'damaged';
}

export function segmentKey(key: string, number: number): string {
  return `${key}\0${number.toString(16).padStart(8, '0')}`;
}

/** All keys of segments, and nothing else: no path holds NUL. */
export function segmentRange(key: string): { gte: string; lt: string } {
  return { gte: `${key}\0`, lt: `${key}\u0001` };
}

/** Absolute path of the partial file. */
export function partialPath(key: string, { partialName }: ResumeHeader): string {
  const path = key.slice(key.indexOf('/'));
  return `${path.slice(0, path.lastIndexOf('/'))}/${partialName}`;
}

/** Says whether two headers are of the same record. */
export function identityOf(header: ResumeHeader): string {
  const { partialName, partialInode, size, mtimeSeconds, mtimeNanoseconds, sourceInode } = header;
  const fields = [partialName, partialInode, size, mtimeSeconds, mtimeNanoseconds, sourceInode];
  return createHash('sha256').update(JSON.stringify(fields)).digest('base64').slice(0, 22);
}

export function isHeader(header: ResumeHeader): boolean {
  const { partialName, partialInode, size, mtimeSeconds, mtimeNanoseconds, sourceInode } = header;
  return (
    typeof partialName === 'string' &&
    /^[^/\0]+$/.test(partialName) &&
    Buffer.byteLength(partialName) <= MAX_NAME_BYTES &&
    isCount(partialInode) &&
    isCount(size) &&
    Number.isSafeInteger(mtimeSeconds) &&
    isCount(mtimeNanoseconds) &&
    mtimeNanoseconds < 1e9 &&
    isCount(sourceInode)
  );
}

export function isSegment({ number, digests }: ResumeSegment): boolean {
  if (!isCount(number) || number >= MAX_SEGMENTS || digests.byteLength < BITMAP_BYTES) return false;
  let chunks = 0;
  for (let at = 0; at < BITMAP_BYTES; at++) {
    for (let bits = digests[at]!; bits !== 0; bits &= bits - 1) chunks++;
  }
  return digests.byteLength === BITMAP_BYTES + chunks * DIGEST_BYTES;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
