/** Holds the worked examples of docs/PROTOCOL.md (Appendix A) to the code. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MIN_DATAGRAM_BYTES } from './constants.ts';
import { discoverTokenOf, encodeDiscoverPacket } from './discover-packet.ts';
import { encodeInitial, encodeVersionNegotiation, parseHandshakePacket } from './handshake-packet.ts';
import { frameMessage, MessageReader } from './message-stream.ts';
import { decodeTransferMessage, encodeTransferMessage } from './messages.ts';
import {
  expandPacketNumber,
  isProtectedPacket,
  truncatedPacketNumber,
  writeProtectedHeader,
} from './protected-packet.ts';
import { type FrameValue, readFrames, writeFrame } from './testing/frame-value.ts';
import { hexToBytes } from './testing/hostile-bytes.ts';

const document = readFileSync(new URL('../../../docs/PROTOCOL.md', import.meta.url), 'utf8');
const appendix = document.slice(document.indexOf('## Appendix A'));
const examples = new Map(
  [...appendix.matchAll(/^\| (\S.*?) +\| `([0-9a-f ]+)`/gm)].map(([, name, hex]) => [
    name!,
    hexToBytes(hex!),
  ]),
);

const CLIENT = hexToBytes('000102030405060a');
const PATH_DATA = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88];
const buffer = new Uint8Array(2048);

const FRAMES: Record<string, FrameValue> = {
  PADDING: { frame: 'padding', bytes: 1 },
  PING: { frame: 'ping' },
  ACK: {
    frame: 'ack',
    delayUs: 250,
    arrivalUs: 70_000,
    ranges: [
      [1000, 1000],
      [990, 995],
    ],
    arrivals: [
      { gapUs: 0, packets: 1 },
      { gapUs: 90, packets: 6 },
    ],
  },
  ACK_ECN: { frame: 'ack', delayUs: 0, arrivalUs: 9, ranges: [[0, 5]], arrivals: [], ecn: [200, 0, 2] },
  STREAM: { frame: 'stream', stream: 1, offset: 300, payload: [0x68, 0x69] },
  STREAM_CREDIT: { frame: 'stream-credit', stream: 0, maximumOffset: 65_536 },
  DATA: { frame: 'data', transfer: 1, address: 2 ** 20 + 5, payload: [0xaa, 0xbb, 0xcc] },
  BLOCK_CREDIT: { frame: 'block-credit', transfer: 1, blocks: 64, releasedBlocks: 32 },
  PATH_CHALLENGE: { frame: 'path-challenge', data: PATH_DATA },
  PATH_RESPONSE: { frame: 'path-response', data: PATH_DATA },
  CLOSE: { frame: 'close', code: 'disk-full', reason: 'full' },
  ACK_FREQUENCY: { frame: 'ack-frequency', sequence: 3, packetThreshold: 10, maxDelayUs: 5000 },
};

describe('worked examples of PROTOCOL.md', () => {
  it('are there for each kind of frame', () => {
    const others = ['Initial', 'VersionNegotiation', 'Discover', 'protected header', 'message'];
    expect([...examples.keys()].sort()).toEqual([...Object.keys(FRAMES), ...others].sort());
  });

  it.each(Object.entries(FRAMES))('%s', (name, value) => {
    const bytes = examples.get(name)!;
    expect(buffer.slice(0, writeFrame(buffer, 0, value))).toEqual(bytes);
    expect(readFrames(bytes).frames).toEqual(value.frame === 'padding' ? [] : [value]);
  });

  it('Initial', () => {
    const start = examples.get('Initial')!;
    const [cookie, noiseMessage] = [hexToBytes('c0c1'), hexToBytes('a0a1a2')];
    const datagram = buffer.slice(0, encodeInitial(buffer, CLIENT, cookie, noiseMessage));
    expect(datagram.subarray(0, start.length)).toEqual(start);
    expect(MIN_DATAGRAM_BYTES - start.length).toBe(1171);
    expect(appendix).toContain('1,171 zeros follow');
    const packet = { type: 'initial', sourceConnectionId: CLIENT, cookie, noiseMessage };
    expect(parseHandshakePacket(datagram)).toEqual(packet);
  });

  it('VersionNegotiation', () => {
    const bytes = examples.get('VersionNegotiation')!;
    expect(buffer.slice(0, encodeVersionNegotiation(buffer, CLIENT))).toEqual(bytes);
    expect(parseHandshakePacket(bytes)).toMatchObject({ destinationConnectionId: CLIENT });
  });

  it('Discover', () => {
    const bytes = examples.get('Discover')!;
    const token = hexToBytes('000102030405060708090a0b0c0d0e0f');
    expect(buffer.slice(0, encodeDiscoverPacket(buffer, token))).toEqual(bytes);
    expect(discoverTokenOf(bytes)).toEqual(token);
  });

  it('protected header', () => {
    const bytes = examples.get('protected header')!;
    expect(buffer.slice(0, writeProtectedHeader(buffer, 0, 1, CLIENT, 2 ** 32 + 5))).toEqual(bytes);
    expect(isProtectedPacket(Uint8Array.from([...bytes, ...new Uint8Array(16)]))).toBe(true);
    expect(expandPacketNumber(truncatedPacketNumber(buffer), 2 ** 32)).toBe(2 ** 32 + 5);
  });

  it('message', () => {
    const bytes = examples.get('message')!;
    const body = { $case: 'blockRequest' as const, value: { block: 7, chunks: [0] } };
    expect(frameMessage(encodeTransferMessage({ body }))).toEqual(bytes);
    expect(new MessageReader().push(bytes).map(decodeTransferMessage)).toEqual([{ body }]);
  });
});
