import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIN_DATAGRAM_BYTES, PROTOCOL_VERSION } from './constants.ts';
import {
  encodeCookie,
  encodeFinish,
  encodeInitial,
  encodeReply,
  encodeVersionNegotiation,
  HANDSHAKE_HEADER_BYTES,
  isHandshakePacket,
  MAX_COOKIE_BYTES,
  MAX_NEGOTIATED_VERSIONS,
  parseHandshakePacket,
} from './handshake-packet.ts';
import { mutated } from './testing/hostile-bytes.ts';
import { writeUint32 } from './varint.ts';

const CLIENT = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
const SERVER = Uint8Array.from([9, 8, 7, 6, 5, 4, 3, 2]);
const NO_BYTES = new Uint8Array(0);
const out = new Uint8Array(4096);

const anyId = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map((id) => (id.every((byte) => byte === 0) ? CLIENT : id));
const anyNoise = fc.uint8Array({ maxLength: 1500 });
const anyCookie = fc.uint8Array({ minLength: 1, maxLength: MAX_COOKIE_BYTES });

const anyGoodPacket = fc.oneof(
  fc
    .tuple(anyId, fc.uint8Array({ maxLength: MAX_COOKIE_BYTES }), anyNoise)
    .map((parts) => out.slice(0, encodeInitial(out, ...parts))),
  fc.tuple(anyId, anyId, anyNoise).map((parts) => out.slice(0, encodeReply(out, ...parts))),
  fc.tuple(anyId, anyId, anyNoise).map((parts) => out.slice(0, encodeFinish(out, ...parts))),
  fc.tuple(anyId, anyCookie).map((parts) => out.slice(0, encodeCookie(out, ...parts))),
  anyId.map((id) => out.slice(0, encodeVersionNegotiation(out, id))),
);

describe('handshake packets', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(anyId, anyId, anyNoise, anyCookie, (source, destination, noiseMessage, cookie) => {
        const parse = (length: number) => parseHandshakePacket(out.subarray(0, length));
        out.fill(0xee);
        expect(parse(encodeInitial(out, source, cookie, noiseMessage))).toEqual({
          type: 'initial',
          sourceConnectionId: source,
          cookie,
          noiseMessage,
        });
        expect(parse(encodeReply(out, destination, source, noiseMessage))).toEqual({
          type: 'reply',
          destinationConnectionId: destination,
          sourceConnectionId: source,
          noiseMessage,
        });
        expect(parse(encodeFinish(out, destination, source, noiseMessage))).toEqual({
          type: 'finish',
          destinationConnectionId: destination,
          sourceConnectionId: source,
          noiseMessage,
        });
        expect(parse(encodeCookie(out, destination, cookie))).toEqual({
          type: 'cookie',
          destinationConnectionId: destination,
          cookie,
        });
        expect(parse(encodeVersionNegotiation(out, destination, [7, 0xffff_ffff]))).toEqual({
          type: 'version-negotiation',
          destinationConnectionId: destination,
          versions: [7, 0xffff_ffff],
        });
      }),
    );
  });

  it('point into the datagram: nothing is copied', () => {
    const length = encodeReply(out, CLIENT, SERVER, Uint8Array.from([1, 2, 3]));
    const packet = parseHandshakePacket(out.subarray(0, length));
    expect(packet?.type === 'reply' && packet.noiseMessage.buffer).toBe(out.buffer);
  });

  it('[HS-1] an Initial is padded with zeros to 1,200 bytes, and a shorter one is dropped', () => {
    out.fill(0xee);
    const length = encodeInitial(out, CLIENT, NO_BYTES, Uint8Array.from([0xaa]));
    expect(length).toBe(MIN_DATAGRAM_BYTES);
    expect(out.subarray(HANDSHAKE_HEADER_BYTES + 4, length).every((byte) => byte === 0)).toBe(true);
    expect(parseHandshakePacket(out.subarray(0, length))?.type).toBe('initial');
    expect(parseHandshakePacket(out.subarray(0, length - 1))).toBeUndefined();
  });

  it('[HS-2] an Initial of an unknown version is told apart without a look at its body', () => {
    const datagram = new Uint8Array(MIN_DATAGRAM_BYTES).fill(0xff);
    encodeInitial(datagram, CLIENT, NO_BYTES, NO_BYTES);
    writeUint32(datagram, 1, 0xfaceb00c);
    datagram.fill(0xff, 5, 13).fill(0xff, HANDSHAKE_HEADER_BYTES);
    expect(parseHandshakePacket(datagram)).toEqual({
      type: 'unknown-version',
      version: 0xfaceb00c,
      sourceConnectionId: CLIENT,
    });
    expect(parseHandshakePacket(datagram.subarray(0, MIN_DATAGRAM_BYTES - 1))).toBeUndefined();
  });

  it('of another kind and an unknown version are dropped', () => {
    const lengths = [
      encodeReply(out.subarray(0), CLIENT, SERVER, NO_BYTES),
      encodeFinish(out.subarray(100), CLIENT, SERVER, NO_BYTES),
      encodeCookie(out.subarray(200), CLIENT, Uint8Array.of(1)),
      encodeVersionNegotiation(out.subarray(300), CLIENT),
    ];
    lengths.forEach((length, i) => {
      const datagram = out.slice(100 * i, 100 * i + length);
      expect(parseHandshakePacket(datagram)).toBeDefined();
      writeUint32(datagram, 1, PROTOCOL_VERSION + 1);
      expect(parseHandshakePacket(datagram)).toBeUndefined();
    });
  });

  it('are dropped when a connection id is zero that must not be, or is not that must be', () => {
    const zero = new Uint8Array(8);
    const parse = (length: number) => parseHandshakePacket(out.subarray(0, length));
    expect(parse(encodeInitial(out, zero, NO_BYTES, NO_BYTES))).toBeUndefined();
    expect(parse(encodeReply(out, CLIENT, zero, NO_BYTES))).toBeUndefined();
    encodeInitial(out, CLIENT, NO_BYTES, NO_BYTES);
    out[5] = 1;
    expect(parse(MIN_DATAGRAM_BYTES)).toBeUndefined();
    const length = encodeCookie(out, CLIENT, Uint8Array.of(1));
    out[13] = 1;
    expect(parse(length)).toBeUndefined();
  });

  it('[DG-2] are dropped when cut anywhere, or longer than their parts', () => {
    const packets = [
      out.slice(0, encodeReply(out, CLIENT, SERVER, new Uint8Array(100))),
      out.slice(0, encodeFinish(out, CLIENT, SERVER, new Uint8Array(100))),
      out.slice(0, encodeCookie(out, CLIENT, new Uint8Array(20))),
    ];
    for (const packet of packets) {
      for (let length = 0; length < packet.length; length++) {
        expect(parseHandshakePacket(packet.subarray(0, length))).toBeUndefined();
      }
      expect(parseHandshakePacket(Uint8Array.from([...packet, 0]))).toBeUndefined();
    }
    const initial = out.slice(0, encodeInitial(out, CLIENT, NO_BYTES, new Uint8Array(1400)));
    expect(parseHandshakePacket(initial)).toBeDefined();
    expect(parseHandshakePacket(initial.subarray(0, initial.length - 1))).toBeUndefined();
  });

  it('hold 1 to 16 versions', () => {
    const versions = Array.from({ length: MAX_NEGOTIATED_VERSIONS + 1 }, (_, i) => i);
    const parse = (list: number[]) =>
      parseHandshakePacket(out.subarray(0, encodeVersionNegotiation(out, CLIENT, list)));
    expect(parse([])).toBeUndefined();
    expect(parse(versions)).toBeUndefined();
    expect(parse(versions.slice(1))).toMatchObject({ versions: versions.slice(1) });
  });

  it('[DG-1] with another first byte are dropped', () => {
    const datagram = out.slice(0, encodeInitial(out, CLIENT, NO_BYTES, NO_BYTES));
    for (let first = 0; first < 256; first++) {
      datagram[0] = first;
      expect(isHandshakePacket(datagram)).toBe(first >= 0x80);
      if (first < 0x80 || first > 0x84) expect(parseHandshakePacket(datagram)).toBeUndefined();
    }
    expect(isHandshakePacket(NO_BYTES)).toBe(false);
  });

  it('never make the parser throw, whatever a datagram holds', () => {
    const anyDatagram = fc.oneof(fc.uint8Array({ maxLength: 1400 }), mutated(anyGoodPacket));
    fc.assert(
      fc.property(anyDatagram, (datagram) => {
        parseHandshakePacket(datagram);
      }),
      { numRuns: 3000 },
    );
  });

  it('are not written where there is no room', () => {
    const small = new Uint8Array(100);
    expect(() => encodeInitial(small, CLIENT, NO_BYTES, NO_BYTES)).toThrow('1200 bytes');
    expect(() => encodeReply(small, CLIENT, SERVER, new Uint8Array(78))).toThrow('101 bytes');
    expect(() => encodeCookie(out, CLIENT, new Uint8Array(256))).toThrow('255');
  });
});
