import { AeadAlgorithm } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  KEY_PHASE_BIT,
  MAX_FORGED_PACKETS,
  MAX_PACKETS_PER_KEY,
  PacketProtection,
} from './packet-protection.ts';
import { REPLAY_WINDOW_PACKETS } from './replay-window.ts';
import { nodeAead } from './testing/node-aead.ts';

const HEADER_BYTES = 13;
const PROBE_TIMEOUT_US = 100_000;

describe('PacketProtection', () => {
  it('what one side seals the other opens', () => {
    const { client, server } = pair();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (text) => {
        const packet = client.seal(text);
        expect(server.open(packet)).toEqual(text);
      }),
    );
  });

  it('[PK-1] refuses to seal a number twice, or one below', () => {
    const { client } = pair();
    client.seal(TEXT, 7);
    for (const number of [7, 6, 0]) {
      expect(() => client.seal(TEXT, number)).toThrowError(expect.objectContaining({ code: 'internal' }));
    }
    client.seal(TEXT, 8);
  });

  it('[PK-2] any flipped bit: the packet is dropped, counted, and changes nothing else', () => {
    const { client, server } = pair();
    const packet = client.seal(TEXT);
    for (let bit = 0; bit < packet.bytes.length * 8; bit++) {
      const forged = copyOf(packet);
      forged.bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(server.open(forged)).toBeUndefined();
      expect(server.protection.forgedPackets).toBe(bit + 1);
    }
    expect(server.protection.receivePhase).toBe(0);
    expect(server.protection.sendPhase).toBe(0);
    expect(server.protection.largestReceived).toBe(-1);
    expect(server.open(packet)).toEqual(TEXT);
  });

  it('[PK-2] a genuine packet under another number, or from another connection, is dropped', () => {
    const { client, server } = pair();
    const packet = client.seal(TEXT, 5);
    expect(server.open({ ...copyOf(packet), number: 6 })).toBeUndefined();
    expect(server.open({ ...copyOf(packet), number: 5 + 2 ** 32 })).toBeUndefined();
    expect(pair(99).server.open(copyOf(packet))).toBeUndefined();
    // Nor does a packet open at the side that sealed it.
    expect(client.open(copyOf(packet))).toBeUndefined();
    expect(server.open(packet)).toEqual(TEXT);
  });

  it('bytes too short for a tag are dropped', () => {
    const { server } = pair();
    for (let length = 0; length < 16; length++) {
      expect(server.open({ number: 0, bytes: new Uint8Array(HEADER_BYTES + length) })).toBeUndefined();
    }
  });

  it('[PK-3] a packet opens once: not again, not after a key update, not below the window', () => {
    const { client, server } = pair();
    const first = client.seal(TEXT);
    expect(server.open(copyOf(first))).toEqual(TEXT);
    expect(server.open(copyOf(first))).toBeUndefined();
    update(client, server);
    expect(server.open(copyOf(first))).toBeUndefined();
    expect(server.protection.forgedPackets).toBe(0);

    const old = client.seal(TEXT);
    const far = client.seal(TEXT, old.number + REPLAY_WINDOW_PACKETS);
    expect(server.open(far)).toEqual(TEXT);
    expect(server.open(old)).toBeUndefined();
  });

  it('[PK-4] the key changes by itself after the configured number of packets', () => {
    const { client, server } = pair(1, 10);
    for (let count = 0; count < 60; count++) {
      deliver(client, server);
      deliver(server, client);
      expect(client.protection.sendPhase).toBe(Math.floor(count / 10));
      expect(server.protection.sendPhase).toBe(client.protection.sendPhase);
    }
  });

  it('[PK-4] an update that nobody acknowledges is not repeated, and the key is never used beyond its limit', () => {
    const limited = new PacketProtection({
      ...secrets(1, 'client'),
      aead: countingAead(),
      updateAfterPackets: 4,
    });
    const buffer = new Uint8Array(64);
    for (let number = 0; number < MAX_PACKETS_PER_KEY; number++) {
      limited.seal(number, buffer, 0, HEADER_BYTES, HEADER_BYTES + 1);
    }
    expect(limited.sendPhase).toBe(0);
    expect(() => limited.seal(MAX_PACKETS_PER_KEY, buffer, 0, HEADER_BYTES, HEADER_BYTES + 1)).toThrowError(
      expect.objectContaining({ code: 'limit-exceeded' }),
    );
    limited.onPacketAcked(0);
    limited.seal(MAX_PACKETS_PER_KEY, buffer, 0, HEADER_BYTES, HEADER_BYTES + 1);
    expect(limited.sendPhase).toBe(1);
  });

  it('[PK-5] the receiver of a key update uses the next phase for its own packets at once', () => {
    const { client, server } = pair();
    deliver(client, server);
    client.protection.onPacketAcked(0);
    expect(client.protection.startKeyUpdate()).toBe(true);
    const packet = client.seal(TEXT);
    expect(packet.bytes[0]! & KEY_PHASE_BIT).toBe(KEY_PHASE_BIT);
    expect(server.open(packet)).toEqual(TEXT);
    const answer = server.seal(TEXT);
    expect(answer.bytes[0]! & KEY_PHASE_BIT).toBe(KEY_PHASE_BIT);
    expect(client.open(answer)).toEqual(TEXT);
    expect([client.protection.receivePhase, server.protection.sendPhase]).toEqual([1, 1]);
  });

  it('[PK-5] no update before a packet of the current phase was acknowledged', () => {
    const { client, server } = pair();
    expect(client.protection.startKeyUpdate()).toBe(false);
    server.open(client.seal(TEXT));
    expect(client.protection.startKeyUpdate()).toBe(false);
    client.protection.onPacketAcked(0);
    expect(client.protection.startKeyUpdate()).toBe(true);
    // The acknowledgement of an older packet says nothing about this phase.
    client.protection.onPacketAcked(0);
    expect(client.protection.startKeyUpdate()).toBe(false);
    const first = client.seal(TEXT);
    server.open(copyOf(first));
    deliver(server, client);
    expect(client.protection.startKeyUpdate()).toBe(false);
    client.protection.onPacketAcked(first.number);
    expect(client.protection.startKeyUpdate()).toBe(true);
  });

  it('[PK-5] both sides may begin an update at the same time', () => {
    const { client, server } = pair();
    deliver(client, server);
    deliver(server, client);
    client.protection.onPacketAcked(0);
    server.protection.onPacketAcked(0);
    client.protection.startKeyUpdate();
    server.protection.startKeyUpdate();
    const [ours, theirs] = [client.seal(TEXT), server.seal(TEXT)];
    expect(server.open(ours)).toEqual(TEXT);
    expect(client.open(theirs)).toEqual(TEXT);
    for (const { protection } of [client, server]) {
      expect([protection.sendPhase, protection.receivePhase]).toEqual([1, 1]);
    }
  });

  it('[PK-6] nothing opens any more after 2^20 forged packets', () => {
    const protection = new PacketProtection({ ...secrets(1, 'server'), aead: countingAead() });
    const buffer = new Uint8Array(HEADER_BYTES + 16);
    for (let number = 0; number < MAX_FORGED_PACKETS; number++) {
      if (protection.forgeryLimitReached) throw new Error(`limit already at ${number}`);
      protection.open(0, number, buffer, 0, HEADER_BYTES, buffer.length);
    }
    expect(protection.forgeryLimitReached).toBe(true);
    buffer[HEADER_BYTES] = GENUINE;
    expect(protection.open(0, MAX_FORGED_PACKETS, buffer, 0, HEADER_BYTES, buffer.length)).toBe(-1);
    expect(protection.forgedPackets).toBe(MAX_FORGED_PACKETS);
  });

  it('[PK-7] a forged key phase is not adopted, however often it is tried, and costs one key', () => {
    let created = 0;
    const provider = {
      ...nodeAead,
      create: (...args: Parameters<typeof nodeAead.create>) => {
        created++;
        return nodeAead.create(...args);
      },
    };
    const client = new Side(new PacketProtection({ ...secrets(1, 'client') }));
    const server = new Side(new PacketProtection({ ...secrets(1, 'server'), aead: provider }));
    for (let count = 0; count < 50; count++) {
      const forged = client.seal(TEXT);
      forged.bytes[0]! ^= KEY_PHASE_BIT;
      expect(server.open(forged)).toBeUndefined();
    }
    expect(created).toBe(3);
    expect(server.protection.receivePhase).toBe(0);
    expect(server.protection.sendPhase).toBe(0);
    deliver(client, server);
    update(client, server);
    expect(server.protection.receivePhase).toBe(1);
  });

  it('[PK-7] packets of the previous phase open for three probe timeouts, then no more', () => {
    const { client, server } = pair();
    deliver(client, server);
    client.protection.onPacketAcked(0);
    const [late, later, latest] = [client.seal(TEXT), client.seal(TEXT), client.seal(TEXT)];
    client.protection.startKeyUpdate();
    expect(server.open(client.seal(TEXT), 1000)).toEqual(TEXT);
    expect(server.open(late, 1000)).toEqual(TEXT);
    expect(server.open(later, 999 + 3 * PROBE_TIMEOUT_US)).toEqual(TEXT);
    expect(server.open(latest, 1000 + 3 * PROBE_TIMEOUT_US)).toBeUndefined();
    expect(server.protection.forgedPackets).toBe(0);
  });

  it('[PK-5] [PK-7] every packet that arrives opens, under loss and reordering and many key updates both ways', () => {
    // Many more than packets overtake each other: none may arrive when its sender's next but one phase has begun.
    const updateAfter = fc.integer({ min: 40, max: 60 });
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(99)), updateAfter, (dice, updateAfterPackets) => {
        const roll = () => dice.next().value as number;
        const { client, server } = pair(1, updateAfterPackets);
        const queues: Flight[][] = [[], []];
        for (let count = 0; count < 800; count++) {
          const direction = roll() % 2;
          const [from, to] = direction === 0 ? [client, server] : [server, client];
          const queue = queues[direction]!;
          const packet = from.seal(TEXT);
          // Each packet says what its sender has received, as an ACK would. It may be overtaken by up to five others.
          const flight = {
            ...packet,
            acks: from.protection.largestReceived,
            turn: packet.number + (roll() % 6),
          };
          if (roll() >= 10) queue.push(flight);
          queue.sort((a, b) => a.turn - b.turn);
          while (queue.length > 0 && roll() < 60) {
            const arrived = queue.shift()!;
            expect(to.open(arrived, count * 10)).toEqual(TEXT);
            if (arrived.acks >= 0) to.protection.onPacketAcked(arrived.acks);
          }
          for (const { sendPhase, receivePhase } of [client.protection, server.protection]) {
            expect(sendPhase - receivePhase).toBeGreaterThanOrEqual(0);
            expect(sendPhase - receivePhase).toBeLessThanOrEqual(1);
          }
        }
        expect(client.protection.forgedPackets + server.protection.forgedPackets).toBe(0);
        expect(client.protection.sendPhase).toBeGreaterThan(3);
      }),
      { numRuns: 25 },
    );
  });

  it('a disposed protection has freed every key', () => {
    let alive = 0;
    const counting = {
      ...nodeAead,
      create: (...args: Parameters<typeof nodeAead.create>) => {
        alive++;
        return Object.assign(nodeAead.create(...args), { dispose: () => void alive-- });
      },
    };
    const client = new Side(new PacketProtection({ ...secrets(1, 'client'), aead: counting }));
    const server = new Side(new PacketProtection({ ...secrets(1, 'server'), aead: counting }));
    deliver(client, server);
    for (let count = 0; count < 5; count++) update(client, server);
    client.protection.dispose();
    server.protection.dispose();
    expect(alive).toBe(0);
  });
});

const TEXT = Uint8Array.from(Buffer.from('JetStream'));

interface Packet {
  number: number;
  bytes: Uint8Array;
}

type Flight = Packet & { acks: number; turn: number };

class Side {
  readonly protection: PacketProtection;
  #nextNumber = 0;

  constructor(protection: PacketProtection) {
    this.protection = protection;
    protection.probeTimeoutUs = PROBE_TIMEOUT_US;
  }

  seal(text: Uint8Array, number = this.#nextNumber): Packet {
    this.#nextNumber = number + 1;
    const bytes = new Uint8Array(HEADER_BYTES + text.length + 16);
    bytes.set(text, HEADER_BYTES);
    const end = this.protection.seal(number, bytes, 0, HEADER_BYTES, HEADER_BYTES + text.length);
    expect(end).toBe(bytes.length);
    return { number, bytes };
  }

  open({ number, bytes }: Packet, nowUs = 0): Uint8Array | undefined {
    const end = this.protection.open(nowUs, number, bytes, 0, HEADER_BYTES, bytes.length);
    return end < 0 ? undefined : bytes.slice(HEADER_BYTES, end);
  }
}

function pair(seed = 1, updateAfterPackets?: number): { client: Side; server: Side } {
  const option = updateAfterPackets === undefined ? {} : { updateAfterPackets };
  return {
    client: new Side(new PacketProtection({ ...secrets(seed, 'client'), ...option })),
    server: new Side(new PacketProtection({ ...secrets(seed, 'server'), ...option })),
  };
}

function secrets(seed: number, side: 'client' | 'server') {
  const up = new Uint8Array(32).fill(seed);
  const down = new Uint8Array(32).fill(seed + 1);
  const [sendSecret, receiveSecret] = side === 'client' ? [up, down] : [down, up];
  return { aead: nodeAead, algorithm: AeadAlgorithm.Aes256Gcm, sendSecret, receiveSecret };
}

/** Seals, opens and acknowledges one packet. */
function deliver(from: Side, to: Side): void {
  const packet = from.seal(TEXT);
  expect(to.open(packet)).toEqual(TEXT);
  from.protection.onPacketAcked(packet.number);
}

function update(from: Side, to: Side): void {
  deliver(from, to);
  deliver(to, from);
  expect(from.protection.startKeyUpdate()).toBe(true);
  deliver(from, to);
  deliver(to, from);
}

function copyOf(packet: Packet): Packet {
  return { number: packet.number, bytes: Uint8Array.from(packet.bytes) };
}

const GENUINE = 0xaa;

/** No cryptography: a packet is genuine when its first byte is GENUINE. For tests of large counts. */
function countingAead() {
  return {
    algorithms: [AeadAlgorithm.Aes256Gcm],
    create: () => ({
      seal: (_number: number, _buffer: Uint8Array, _header: number, _start: number, end: number) => end + 16,
      open: (_number: number, buffer: Uint8Array, _header: number, start: number, end: number) =>
        buffer[start] === GENUINE ? end - 16 : -1,
      dispose: () => {},
    }),
  };
}
