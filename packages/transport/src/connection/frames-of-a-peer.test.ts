import {
  BLOCK_BYTES,
  writeAckFrequency,
  writeBlockCredit,
  writeClose,
  writeData,
  writePadding,
  writePing,
  writeStream,
  writeStreamCredit,
} from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountingPool } from '../testing/counting-pool.ts';
import { framesOf, ScriptedPeer } from '../testing/scripted-peer.ts';

const BYTES = new Uint8Array(100).fill(5);

const stream =
  (id: number, offset: number, bytes = BYTES) =>
  (buffer: Uint8Array, at: number) =>
    writeStream(buffer, at, id, offset, bytes);
const data =
  (transfer: number, address: number, bytes = BYTES) =>
  (buffer: Uint8Array, at: number) =>
    writeData(buffer, at, transfer, address, bytes);

/** Largest packet that the connection has acknowledged after `waitUs`, -1 for none. */
function ackedLargest(peer: ScriptedPeer, waitUs = 50_000): number {
  peer.advance(waitUs);
  return framesOf(peer.seen, 'ack').at(-1)?.ranges[0]?.[1] ?? -1;
}

describe('A connection whose peer breaks a rule', () => {
  it('[FR-1] closes upon an unknown frame', () => {
    const peer = new ScriptedPeer('server');
    const packets = peer.send((buffer, at) => {
      buffer[at] = 0x3f;
      return at + 1;
    });
    expect(framesOf(packets, 'close').map(({ code }) => code)).toEqual(['protocol-violation']);
    expect(peer.closeCode()).toBe('protocol-violation');
  });

  it('[FR-1] closes upon a frame cut short', () => {
    const peer = new ScriptedPeer('server');
    peer.send((buffer, at) => stream(0, 0)(buffer, at) - 1);
    expect(peer.closeCode()).toBe('protocol-violation');
  });

  it('[FR-2] closes upon an ACK of a packet never sent', () => {
    const peer = new ScriptedPeer('server');
    const sent = peer.take().length;
    peer.sendAck([0, sent]);
    expect(peer.closeCode()).toBe('protocol-violation');
  });

  it('[FR-6] closes upon stream bytes beyond the credit', () => {
    const peer = new ScriptedPeer('server', { loggedIn: false });
    peer.send(stream(0, 65_536 - 100));
    expect(peer.closeCode()).toBeUndefined();
    peer.send(stream(0, 65_536 - 99));
    expect(peer.closeCode()).toBe('protocol-violation');
  });

  it('[FR-6] closes upon a block begun beyond the credit', () => {
    const pool = new CountingPool(100);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.send(data(1, 0));
    peer.send(data(1, BLOCK_BYTES));
    expect(peer.closeCode()).toBeUndefined();
    peer.send(data(1, 2 * BLOCK_BYTES));
    expect(peer.closeCode()).toBe('protocol-violation');
    expect(pool.outstanding).toBe(0);
  });

  it('closes upon more of a block than the manifest says, whichever comes first', () => {
    for (const manifestFirst of [true, false]) {
      const peer = new ScriptedPeer('server');
      peer.connection.openBulkReceiver(1, 8);
      if (manifestFirst) peer.connection.expectBlock(1, 0, 50);
      peer.send(data(1, 0));
      if (!manifestFirst) peer.connection.expectBlock(1, 0, 50);
      expect(peer.closeCode()).toBe('protocol-violation');
    }
  });

  it('a client closes upon a transfer that it did not open', () => {
    const peer = new ScriptedPeer('client');
    peer.send(stream(1, 0));
    expect(peer.closeCode()).toBe('protocol-violation');
  });

  it('ends with a CLOSE at most, never with an exception, whatever frames it gets', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 6 }), (payloads) => {
        const peer = new ScriptedPeer('server', { serverPool: new CountingPool(8) });
        for (const payload of payloads) {
          peer.send((buffer, at) => {
            buffer.set(payload, at);
            return at + payload.length;
          });
          peer.events();
        }
        peer.advance(100_000);
      }),
      { numRuns: 500 },
    );
  });
});

describe('Before the login', () => {
  it('[LG-1] gives two blocks and 64 KiB of stream, and no more as they are used', () => {
    const peer = new ScriptedPeer('server', { loggedIn: false });
    const { connection } = peer;
    for (let offset = 0; offset < 65_536; offset += 1024) peer.send(stream(0, offset, new Uint8Array(1024)));
    connection.openBulkReceiver(1, 64);
    for (const block of [0, 1]) {
      connection.expectBlock(1, block, 100);
      peer.send(data(1, block * BLOCK_BYTES));
    }
    for (const event of peer.events()) {
      if (event.type === 'stream-data') connection.consumeStream(0, event.bytes.length);
      if (event.type === 'block-received') connection.releaseBlock(1, event.block, false);
    }
    const before = peer.advance(200_000);
    expect([...framesOf(before, 'stream-credit'), ...framesOf(before, 'block-credit')]).toEqual([]);
    connection.raiseLimits();
    const after = peer.advance(200_000);
    expect(framesOf(after, 'stream-credit')[0]).toMatchObject({
      stream: 0,
      maximumOffset: 65_536 + 1_048_576,
    });
    expect(framesOf(after, 'block-credit')[0]).toMatchObject({ transfer: 1, blocks: 18 });
  });

  it('[LG-1] leaves a second transfer unacknowledged', () => {
    const peer = new ScriptedPeer('server', { loggedIn: false });
    peer.send(stream(1, 0));
    peer.send(stream(2, 0));
    expect(ackedLargest(peer)).toBe(0);
    expect(peer.events().filter(({ type }) => type === 'stream-data')).toHaveLength(1);
  });

  it('[HS-6] closes when no login succeeded by the deadline', () => {
    const peer = new ScriptedPeer('server', { loggedIn: false, loginDeadlineUs: 10_000_000 });
    peer.sendAck([0, peer.take().length - 1]);
    peer.advance(9_999_000);
    expect(peer.closeCode()).toBeUndefined();
    const packets = peer.advance(2000);
    expect(framesOf(packets, 'close').map(({ code }) => code)).toEqual(['login-timeout']);
    expect(peer.closeCode()).toBe('login-timeout');
  });

  it('[HS-6] goes on after a login in time', () => {
    const peer = new ScriptedPeer('server', { loggedIn: false, loginDeadlineUs: 1_000_000 });
    peer.connection.raiseLimits();
    peer.advance(5_000_000);
    expect(peer.closeCode()).toBeUndefined();
  });
});

describe('Acknowledgements', () => {
  it('[FR-4] are not asked for by ACK, PADDING and CLOSE', () => {
    const peer = new ScriptedPeer('server');
    const last = peer.take().length - 1;
    for (let i = 0; i < 10; i++) peer.sendAck([0, last]);
    for (let i = 0; i < 10; i++) peer.send((buffer, at) => writePadding(buffer, at, at + 50));
    expect(framesOf(peer.advance(100_000), 'ack')).toEqual([]);
  });

  it('[FR-4] are asked for by everything else', () => {
    const writers = [
      (buffer: Uint8Array, at: number) => writePing(buffer, at),
      stream(0, 0),
      data(1, 0),
      (buffer: Uint8Array, at: number) => writeStreamCredit(buffer, at, 0, 99_999),
      (buffer: Uint8Array, at: number) => writeBlockCredit(buffer, at, 1, 5),
      (buffer: Uint8Array, at: number) => writeAckFrequency(buffer, at, 1, 2, 5000),
    ];
    for (const writer of writers) {
      const peer = new ScriptedPeer('server');
      peer.send(writer);
      expect(ackedLargest(peer, 5000)).toBe(0);
    }
  });

  it('[RC-2] go after two packets, after 5 ms, or at once when a gap appears', () => {
    const peer = new ScriptedPeer('server');
    peer.sendAck([0, peer.take().length - 1]);
    expect(peer.send(writePing)).toEqual([]);
    expect(framesOf(peer.send(writePing), 'ack')[0]!.ranges).toEqual([[0, 2]]);
    const sentUs = peer.nowUs;
    peer.send(writePing);
    expect(peer.advance(50_000)[0]!.atUs).toBe(sentUs + 5000);
    peer.nextNumber += 1;
    expect(framesOf(peer.send(writePing), 'ack')[0]!.ranges).toEqual([
      [5, 5],
      [0, 3],
    ]);
  });

  it('[RC-2] follow the ACK_FREQUENCY of the peer', () => {
    const peer = new ScriptedPeer('server');
    peer.sendAck([0, peer.take().length - 1]);
    peer.send((buffer, at) => writeAckFrequency(buffer, at, 1, 10, 20_000));
    const counts = Array.from({ length: 9 }, () => framesOf(peer.send(writePing), 'ack').length);
    expect(counts).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('are left out for a packet that found no memory, until there is some', () => {
    const pool = new CountingPool(0);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.connection.openBulkReceiver(1, 8);
    peer.send(data(1, 0));
    expect(ackedLargest(peer)).toBe(-1);
    pool.limit = 1;
    peer.send(data(1, 0));
    expect(ackedLargest(peer)).toBe(1);
  });

  it('are asked for by a side that only receives, now and then, so that it can forget', () => {
    const peer = new ScriptedPeer('server');
    peer.sendAck([0, peer.take().length - 1]);
    let pings = 0;
    for (let i = 0; i < 200; i++) {
      peer.nextNumber += 1;
      pings += framesOf(peer.send(writePing), 'ping').length;
      peer.advance(10_000);
    }
    expect(pings).toBeGreaterThan(0);
    expect(pings).toBeLessThan(100);
  });
});

describe('A finished transfer', () => {
  it('[ST-2] has its late frames acknowledged and ignored', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.send(stream(1, 0), data(1, 0));
    peer.connection.closeTransfer(1);
    expect(pool.outstanding).toBe(0);
    peer.events();
    peer.send(
      stream(1, 100),
      data(1, 100),
      data(1, 77 * BLOCK_BYTES),
      (buffer, at) => writeStreamCredit(buffer, at, 1, 2 ** 40),
      (buffer, at) => writeBlockCredit(buffer, at, 1, 500),
    );
    expect(ackedLargest(peer)).toBe(1);
    expect(peer.events()).toEqual([]);
    expect(pool.outstanding).toBe(0);
  });

  it('[ST-2] leaves the place of one of at most 64', () => {
    const peer = new ScriptedPeer('server');
    for (let id = 1; id <= 65; id++) peer.send(stream(id, 0));
    expect(ackedLargest(peer)).toBe(63);
    peer.connection.closeTransfer(3);
    peer.send(stream(65, 0));
    expect(ackedLargest(peer)).toBe(65);
  });

  it('has what was written to its stream delivered all the same', () => {
    const peer = new ScriptedPeer('server');
    peer.take();
    peer.send(stream(1, 0));
    peer.connection.writeStream(1, BYTES);
    peer.connection.closeTransfer(1);
    const [first] = framesOf(peer.advance(0), 'stream');
    expect(first).toMatchObject({ stream: 1, offset: 0, bytes: BYTES });
    expect(framesOf(peer.advance(3_000_000), 'stream').length).toBeGreaterThan(0);
  });

  it('gives back the memory of blocks whose event was not taken yet', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.connection.openBulkReceiver(1, 8);
    peer.connection.expectBlock(1, 0, 100);
    peer.send(data(1, 0));
    peer.connection.closeTransfer(1);
    expect(peer.events()).toEqual([]);
    expect(pool.outstanding).toBe(0);
  });

  it('takes no memory from the application before it gives it back', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.connection.openBulkReceiver(1, 8);
    peer.connection.expectBlock(1, 0, 100);
    peer.send(data(1, 0));
    expect(peer.events().map(({ type }) => type)).toEqual(['block-received']);
    peer.connection.closeTransfer(1);
    expect(pool.outstanding).toBe(1);
    peer.connection.releaseBlock(1, 0, false);
    expect(pool.outstanding).toBe(0);
  });

  it('ignores calls of an application that does not know yet', () => {
    const peer = new ScriptedPeer('server');
    const { connection } = peer;
    connection.closeTransfer(1);
    expect(connection.writeStream(1, BYTES)).toBe(true);
    connection.consumeStream(1, 5);
    connection.openBulkSender(1);
    expect(connection.offerBlock(1, 0, BYTES)).toBe(false);
    connection.openBulkReceiver(1, 4);
    connection.expectBlock(1, 0, 5);
    connection.releaseBlock(1, 0, false);
    connection.closeTransfer(1);
    expect(framesOf(peer.advance(1_000_000), 'stream')).toEqual([]);
    expect(peer.events()).toEqual([]);
  });
});

describe('A block that was bad', () => {
  it('[BD-4] is taken once more, at its second address', () => {
    const peer = new ScriptedPeer('server');
    const { connection } = peer;
    connection.openBulkReceiver(1, 8);
    for (const again of [true, false]) {
      connection.expectBlock(1, 0, 100);
      peer.send(data(1, again ? 0 : 2 ** 52, new Uint8Array(100).fill(again ? 1 : 2)));
      const [event] = peer.events();
      expect(event).toMatchObject({ type: 'block-received', block: 0 });
      expect(event!.type === 'block-received' && event!.bytes[0]).toBe(again ? 1 : 2);
      connection.releaseBlock(1, 0, again);
    }
  });

  it('[BD-2] is dropped when it comes again after it was good', () => {
    const peer = new ScriptedPeer('server');
    peer.connection.openBulkReceiver(1, 8);
    peer.connection.expectBlock(1, 0, 100);
    peer.send(data(1, 0));
    peer.connection.releaseBlock(1, 0, false);
    peer.events();
    peer.send(data(1, 0));
    expect(peer.events()).toEqual([]);
    expect(ackedLargest(peer)).toBe(1);
  });
});

describe('A BLOCK_CREDIT', () => {
  it('holds when it comes before the bulk sender is opened', () => {
    const peer = new ScriptedPeer('server');
    peer.send((buffer, at) => writeBlockCredit(buffer, at, 1, 4));
    peer.connection.openBulkSender(1);
    for (let block = 0; block < 6; block++) peer.connection.offerBlock(1, block, new Uint8Array(1));
    const blocks = framesOf(peer.advance(1000), 'data').map(({ address }) => address / BLOCK_BYTES);
    expect(blocks).toEqual([0, 1, 2, 3]);
  });
});

describe('CLOSE', () => {
  const close = (buffer: Uint8Array, at: number) => writeClose(buffer, at, at + 100, 'cancelled', 'enough');

  it('[CL-1] of the peer is answered by silence', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.send(data(1, 0));
    peer.connection.writeStream(0, BYTES);
    peer.connection.receive(peer.nowUs, peer.seal([close]), peer.address);
    expect(peer.events().at(-1)).toEqual({
      type: 'closed',
      code: 'cancelled',
      reason: 'enough',
      byPeer: true,
    });
    for (let i = 0; i < 10; i++) expect(peer.send(writePing)).toEqual([]);
    expect(peer.advance(10_000_000)).toEqual([]);
    expect([pool.outstanding, peer.connection.isDrained]).toEqual([0, true]);
    expect(peer.connection.nextWakeUs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('[CL-1] of ours is repeated to late packets, ever more rarely, for three probe timeouts', () => {
    const peer = new ScriptedPeer('server');
    peer.sendAck([0, peer.take().length - 1]);
    peer.connection.close(peer.nowUs, 'server-closing', 'bye');
    expect(framesOf(peer.take(), 'close')).toEqual([
      { type: 'close', code: 'server-closing', reason: 'bye' },
    ]);
    expect(peer.events().at(-1)).toMatchObject({ type: 'closed', byPeer: false });
    const repeated = Array.from({ length: 40 }, () => peer.send(writePing).length);
    expect(repeated.reduce((sum, count) => sum + count)).toBe(6);
    expect(peer.connection.isDrained).toBe(false);
    peer.advance(10_000_000);
    expect(peer.connection.isDrained).toBe(true);
    expect(peer.send(writePing)).toEqual([]);
  });

  it('goes behind what streams still have to say', () => {
    const peer = new ScriptedPeer('server');
    peer.take();
    peer.connection.writeStream(0, BYTES);
    peer.connection.close(peer.nowUs, 'login-refused', 'no');
    const [packet] = peer.take();
    expect(packet!.frames.map(({ type }) => type)).toEqual(['stream', 'close']);
  });

  it('happens once', () => {
    const peer = new ScriptedPeer('server');
    peer.connection.close(0, 'cancelled', 'first');
    peer.connection.close(0, 'internal', 'second');
    expect(peer.events()).toEqual([{ type: 'closed', code: 'cancelled', reason: 'first', byPeer: false }]);
    expect(framesOf(peer.take(), 'close')).toHaveLength(1);
  });

  it('lets the application give blocks back afterwards', () => {
    const pool = new CountingPool(8);
    const peer = new ScriptedPeer('server', { serverPool: pool });
    peer.connection.openBulkReceiver(1, 8);
    peer.connection.expectBlock(1, 0, 100);
    peer.send(data(1, 0), data(1, BLOCK_BYTES));
    expect(pool.outstanding).toBe(2);
    peer.connection.close(peer.nowUs, 'cancelled', '');
    expect(pool.outstanding).toBe(1);
    peer.connection.releaseBlock(1, 0, false);
    expect(pool.outstanding).toBe(0);
  });
});

describe('Silence', () => {
  it('[CL-2] for the idle timeout drops the connection without a word', () => {
    const peer = new ScriptedPeer('server', { idleTimeoutMs: 3000 });
    peer.send(writePing);
    peer.advance(2_900_000);
    expect(peer.closeCode()).toBeUndefined();
    const packets = peer.advance(200_000);
    expect(framesOf(packets, 'close')).toEqual([]);
    expect(peer.closeCode()).toBe('connection-lost');
    expect(peer.connection.isDrained).toBe(true);
  });

  it('[CL-2] is not broken by packets that do not open', () => {
    const peer = new ScriptedPeer('server', { idleTimeoutMs: 3000 });
    for (let i = 0; i < 10; i++) {
      peer.advance(400_000);
      const forged = peer.seal([writePing]);
      forged[forged.length - 12]! ^= 1;
      peer.connection.receive(peer.nowUs, forged, peer.address);
    }
    expect(peer.closeCode()).toBe('connection-lost');
    expect(peer.connection.stats().forgedPackets).toBeGreaterThan(0);
  });

  it('is broken by PINGs of a client with transfers open', () => {
    const peer = new ScriptedPeer('client', { idleTimeoutMs: 3000 });
    peer.connection.writeStream(1, BYTES);
    let largest = Math.max(...peer.take().map(({ number }) => number));
    peer.sendAck([0, largest]);
    for (let round = 0; round < 20; round++) {
      const packets = peer.advance(1_050_000);
      expect(framesOf(packets, 'ping').length).toBeGreaterThan(0);
      largest = Math.max(...packets.map(({ number }) => number));
      peer.sendAck([0, largest]);
    }
    expect(peer.closeCode()).toBeUndefined();
  });
});

describe('Packets that do not open', () => {
  it('[PK-2] change nothing but the count of forgeries', () => {
    const peer = new ScriptedPeer('server');
    const before = { ...peer.connection.stats() };
    const forged = peer.seal([stream(0, 0)]);
    forged[forged.length - 16]! ^= 0x55;
    peer.connection.receive(peer.nowUs, forged, { address: '203.0.113.1', port: 9 });
    expect(peer.events()).toEqual([]);
    expect(peer.connection.stats()).toEqual({ ...before, forgedPackets: 1 });
    for (const length of [0, 1, 13, 28, 29, 1500]) {
      peer.connection.receive(peer.nowUs, new Uint8Array(length), peer.address);
    }
    expect(peer.connection.stats().packetsReceived).toBe(0);
    expect(peer.closeCode()).toBeUndefined();
  });

  it('[PK-3] are those that came before', () => {
    const peer = new ScriptedPeer('server');
    const datagram = peer.seal([stream(0, 0)]);
    for (let i = 0; i < 5; i++) peer.connection.receive(peer.nowUs, datagram.slice(), peer.address);
    expect(peer.events().filter(({ type }) => type === 'stream-data')).toHaveLength(1);
    expect(peer.connection.stats().packetsReceived).toBe(1);
  });
});

describe('A server', () => {
  it('proves by a PING in its first packet that the Finish arrived, and repeats it', () => {
    const peer = new ScriptedPeer('server');
    expect(framesOf(peer.take(), 'ping')).toHaveLength(1);
    expect(framesOf(peer.advance(2_000_000), 'ping').length).toBeGreaterThan(0);
  });
});

describe('A fault of our own', () => {
  it('ends the connection as internal and tells the peer no details', () => {
    const serverPool = {
      acquire: (): never => {
        throw new TypeError('secret path');
      },
      release: () => {},
    };
    const peer = new ScriptedPeer('server', { serverPool });
    const packets = peer.send(data(1, 0));
    expect(framesOf(packets, 'close')).toEqual([
      { type: 'close', code: 'internal', reason: 'internal error' },
    ]);
    expect(peer.events().at(-1)).toMatchObject({ type: 'closed', code: 'internal', byPeer: false });
  });
});
