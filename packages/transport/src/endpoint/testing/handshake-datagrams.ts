import { HandshakePacketType, MIN_DATAGRAM_BYTES, PROTOCOL_VERSION } from '@jetstream/protocol';
import { CLIENT, SERVER, TestEndpoint } from './endpoint-harness.ts';
import type { Datagram } from './virtual-network.ts';

/** First bytes. */
export const INITIAL = HandshakePacketType.Initial;
export const REPLY = HandshakePacketType.Reply;
export const FINISH = HandshakePacketType.Finish;
export const COOKIE = HandshakePacketType.Cookie;
export const VERSION_NEGOTIATION = HandshakePacketType.VersionNegotiation;

/** The first Initial of a fresh client. */
export function recordInitial(seed: number): Datagram {
  const client = new TestEndpoint(seed);
  client.connect(0);
  const buffer = new Uint8Array(2000);
  const { bytes } = client.endpoint.transmit(0, buffer);
  return { from: CLIENT, to: SERVER, bytes: buffer.slice(0, bytes) };
}

/** An Initial with a random connection id and a random ephemeral key: any 32 bytes are one. */
export function forgedInitial(randomBytes: (length: number) => Uint8Array): Datagram {
  genuine ??= recordInitial(1);
  const bytes = genuine.bytes.slice();
  bytes.set(randomBytes(8), SOURCE_ID_AT);
  bytes.set(randomBytes(32), NOISE_MESSAGE_AT);
  return { ...genuine, bytes };
}

let genuine: Datagram | undefined;
const SOURCE_ID_AT = 13;
/** After an empty cookie and the length of the Noise message. */
const NOISE_MESSAGE_AT = 24;

export function initialOfVersion(version: number, connectionId: number): Datagram {
  const bytes = Buffer.alloc(MIN_DATAGRAM_BYTES);
  bytes[0] = INITIAL;
  bytes.writeUInt32BE(version, 1);
  bytes.writeUInt32BE(connectionId + 1, 17);
  return { from: CLIENT, to: SERVER, bytes: new Uint8Array(bytes) };
}

/** An answer that carries the connection id of the Initial. */
function answerTo(initial: Datagram, type: number, version: number, body: Uint8Array): Datagram {
  const bytes = Buffer.alloc(21 + body.length);
  bytes[0] = type;
  bytes.writeUInt32BE(version, 1);
  bytes.set(initial.bytes.subarray(13, 21), 5);
  bytes.set(body, 21);
  return { from: SERVER, to: CLIENT, bytes: new Uint8Array(bytes) };
}

export function versionNegotiationFor(initial: Datagram, versions: number[]): Datagram {
  const body = Buffer.alloc(4 * versions.length);
  versions.forEach((version, index) => void body.writeUInt32BE(version, 4 * index));
  return answerTo(initial, VERSION_NEGOTIATION, 0, body);
}

export function cookieFor(initial: Datagram): Datagram {
  return answerTo(initial, COOKIE, PROTOCOL_VERSION, Uint8Array.of(3, 1, 2, 3));
}
