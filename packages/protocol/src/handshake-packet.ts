/**
 * Handshake packets, PROTOCOL.md §1.1: type u8, version u32, destination and source connection id, body.
 * What is parsed are views into the datagram, good for as long as the datagram is.
 */
import { isZeroConnectionId } from './connection-id.ts';
import { CONNECTION_ID_BYTES, MIN_DATAGRAM_BYTES, PROTOCOL_VERSION } from './constants.ts';
import { JetStreamError } from './errors.ts';
import { readUint32, writeUint32 } from './varint.ts';

/** First byte of each handshake packet. */
export const HandshakePacketType = {
  Initial: 0x80,
  Reply: 0x81,
  Finish: 0x82,
  Cookie: 0x83,
  VersionNegotiation: 0x84,
} as const;

export const HANDSHAKE_HEADER_BYTES = 1 + 4 + 2 * CONNECTION_ID_BYTES;
export const MAX_COOKIE_BYTES = 255;
export const MAX_NEGOTIATED_VERSIONS = 16;

export type HandshakePacket =
  | { type: 'initial'; sourceConnectionId: Uint8Array; cookie: Uint8Array; noiseMessage: Uint8Array }
  /** An Initial of a version that we do not speak; its body is not looked at (HS-2). */
  | { type: 'unknown-version'; version: number; sourceConnectionId: Uint8Array }
  | {
      type: 'reply' | 'finish';
      destinationConnectionId: Uint8Array;
      sourceConnectionId: Uint8Array;
      noiseMessage: Uint8Array;
    }
  | { type: 'cookie'; destinationConnectionId: Uint8Array; cookie: Uint8Array }
  | { type: 'version-negotiation'; destinationConnectionId: Uint8Array; versions: number[] };

const NO_CONNECTION_ID = new Uint8Array(CONNECTION_ID_BYTES);
const DESTINATION_AT = 5;
const SOURCE_AT = DESTINATION_AT + CONNECTION_ID_BYTES;

/** Whether the datagram `bytes[start, end)` is a handshake (or discover) packet rather than a protected one. */
export function isHandshakePacket(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
  return end > start && bytes[start]! >= 0x80;
}

/**
 * Writes an Initial, padded with zeros to 1,200 bytes (HS-1).
 * @param cookie from the server's Cookie packet, or empty
 * @returns bytes written; all encoders throw JetStreamError `internal` when `out` is too small
 */
export function encodeInitial(
  out: Uint8Array,
  sourceConnectionId: Uint8Array,
  cookie: Uint8Array,
  noiseMessage: Uint8Array,
): number {
  const length = HANDSHAKE_HEADER_BYTES + 1 + cookie.length + 2 + noiseMessage.length;
  const padded = Math.max(length, MIN_DATAGRAM_BYTES);
  requireRoom(out, padded);
  let at = writeHeader(
    out,
    HandshakePacketType.Initial,
    PROTOCOL_VERSION,
    NO_CONNECTION_ID,
    sourceConnectionId,
  );
  at = writeCookie(out, at, cookie);
  at = writeNoiseMessage(out, at, noiseMessage);
  out.fill(0, at, padded);
  return padded;
}

export function encodeReply(
  out: Uint8Array,
  destinationConnectionId: Uint8Array,
  sourceConnectionId: Uint8Array,
  noiseMessage: Uint8Array,
): number {
  const type = HandshakePacketType.Reply;
  return encodeNoisePacket(out, type, destinationConnectionId, sourceConnectionId, noiseMessage);
}

export function encodeFinish(
  out: Uint8Array,
  destinationConnectionId: Uint8Array,
  sourceConnectionId: Uint8Array,
  noiseMessage: Uint8Array,
): number {
  const type = HandshakePacketType.Finish;
  return encodeNoisePacket(out, type, destinationConnectionId, sourceConnectionId, noiseMessage);
}

/** @param cookie 1…255 bytes */
export function encodeCookie(
  out: Uint8Array,
  destinationConnectionId: Uint8Array,
  cookie: Uint8Array,
): number {
  requireRoom(out, HANDSHAKE_HEADER_BYTES + 1 + cookie.length);
  const type = HandshakePacketType.Cookie;
  const at = writeHeader(out, type, PROTOCOL_VERSION, destinationConnectionId, NO_CONNECTION_ID);
  return writeCookie(out, at, cookie);
}

/** @param versions 1…16 versions that this side speaks */
export function encodeVersionNegotiation(
  out: Uint8Array,
  destinationConnectionId: Uint8Array,
  versions: readonly number[] = [PROTOCOL_VERSION],
): number {
  requireRoom(out, HANDSHAKE_HEADER_BYTES + 4 * versions.length);
  const type = HandshakePacketType.VersionNegotiation;
  let at = writeHeader(out, type, 0, destinationConnectionId, NO_CONNECTION_ID);
  for (const version of versions) at = writeUint32(out, at, version);
  return at;
}

/**
 * Parses a handshake packet.
 * @returns undefined for what is to be dropped without an answer (DG-1, DG-2, HS-1); never throws
 */
export function parseHandshakePacket(datagram: Uint8Array): HandshakePacket | undefined {
  if (datagram.length < HANDSHAKE_HEADER_BYTES) return undefined;
  const version = readUint32(datagram, 1);
  const destinationConnectionId = datagram.subarray(DESTINATION_AT, SOURCE_AT);
  const sourceConnectionId = datagram.subarray(SOURCE_AT, HANDSHAKE_HEADER_BYTES);
  const fromNobody = isZeroConnectionId(sourceConnectionId);
  switch (datagram[0]) {
    case HandshakePacketType.Initial: {
      if (datagram.length < MIN_DATAGRAM_BYTES || fromNobody) return undefined;
      if (version !== PROTOCOL_VERSION) return { type: 'unknown-version', version, sourceConnectionId };
      if (!isZeroConnectionId(destinationConnectionId)) return undefined;
      return parseInitialBody(datagram, sourceConnectionId);
    }
    case HandshakePacketType.Reply:
    case HandshakePacketType.Finish: {
      if (version !== PROTOCOL_VERSION || fromNobody) return undefined;
      const noiseMessage = noiseMessageAt(datagram, HANDSHAKE_HEADER_BYTES);
      if (noiseMessage === undefined || endOf(noiseMessage) !== endOf(datagram)) return undefined;
      const type = datagram[0] === HandshakePacketType.Reply ? 'reply' : 'finish';
      return { type, destinationConnectionId, sourceConnectionId, noiseMessage };
    }
    case HandshakePacketType.Cookie: {
      if (version !== PROTOCOL_VERSION || !fromNobody) return undefined;
      const cookie = cookieAt(datagram, HANDSHAKE_HEADER_BYTES);
      if (cookie === undefined || cookie.length === 0 || endOf(cookie) !== endOf(datagram)) return undefined;
      return { type: 'cookie', destinationConnectionId, cookie };
    }
    case HandshakePacketType.VersionNegotiation: {
      if (version !== 0 || !fromNobody) return undefined;
      const versions = versionsOf(datagram);
      return versions && { type: 'version-negotiation', destinationConnectionId, versions };
    }
    default:
      return undefined;
  }
}

function parseInitialBody(datagram: Uint8Array, sourceConnectionId: Uint8Array): HandshakePacket | undefined {
  const cookie = cookieAt(datagram, HANDSHAKE_HEADER_BYTES);
  if (cookie === undefined) return undefined;
  const noiseMessage = noiseMessageAt(datagram, HANDSHAKE_HEADER_BYTES + 1 + cookie.length);
  return noiseMessage && { type: 'initial', sourceConnectionId, cookie, noiseMessage };
}

function cookieAt(datagram: Uint8Array, at: number): Uint8Array | undefined {
  if (at + 1 > datagram.length) return undefined;
  const end = at + 1 + datagram[at]!;
  return end > datagram.length ? undefined : datagram.subarray(at + 1, end);
}

function noiseMessageAt(datagram: Uint8Array, at: number): Uint8Array | undefined {
  if (at + 2 > datagram.length) return undefined;
  const end = at + 2 + ((datagram[at]! << 8) | datagram[at + 1]!);
  return end > datagram.length ? undefined : datagram.subarray(at + 2, end);
}

function versionsOf(datagram: Uint8Array): number[] | undefined {
  const count = (datagram.length - HANDSHAKE_HEADER_BYTES) / 4;
  if (!Number.isInteger(count) || count < 1 || count > MAX_NEGOTIATED_VERSIONS) return undefined;
  return Array.from({ length: count }, (_, i) => readUint32(datagram, HANDSHAKE_HEADER_BYTES + 4 * i));
}

function endOf(view: Uint8Array): number {
  return view.byteOffset + view.length;
}

function encodeNoisePacket(
  out: Uint8Array,
  type: number,
  destinationConnectionId: Uint8Array,
  sourceConnectionId: Uint8Array,
  noiseMessage: Uint8Array,
): number {
  requireRoom(out, HANDSHAKE_HEADER_BYTES + 2 + noiseMessage.length);
  const at = writeHeader(out, type, PROTOCOL_VERSION, destinationConnectionId, sourceConnectionId);
  return writeNoiseMessage(out, at, noiseMessage);
}

function writeHeader(
  out: Uint8Array,
  type: number,
  version: number,
  destinationConnectionId: Uint8Array,
  sourceConnectionId: Uint8Array,
): number {
  out[0] = type;
  writeUint32(out, 1, version);
  out.set(destinationConnectionId, DESTINATION_AT);
  out.set(sourceConnectionId, SOURCE_AT);
  return HANDSHAKE_HEADER_BYTES;
}

function writeCookie(out: Uint8Array, at: number, cookie: Uint8Array): number {
  if (cookie.length > MAX_COOKIE_BYTES) throw new JetStreamError('internal', 'cookie is over 255 bytes');
  out[at] = cookie.length;
  out.set(cookie, at + 1);
  return at + 1 + cookie.length;
}

function writeNoiseMessage(out: Uint8Array, at: number, message: Uint8Array): number {
  out[at] = message.length >>> 8;
  out[at + 1] = message.length;
  out.set(message, at + 2);
  return at + 2 + message.length;
}

function requireRoom(out: Uint8Array, length: number): void {
  if (length > out.length) {
    throw new JetStreamError('internal', `a handshake packet needs ${length} bytes, ${out.length} are there`);
  }
}
