import { BLOCK_BYTES } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountingPool } from '../testing/counting-pool.ts';
import { ackedLargest, data, framesOf, ScriptedPeer, stream } from '../testing/scripted-peer.ts';

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
    expect(framesOf(after, 'block-credit')[0]).toMatchObject({ transfer: 1, blocks: 34 });
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

describe('A fault of our own', () => {
  it('ends the connection as internal and tells the peer no details', () => {
    const serverPool = {
      maxBlocks: 1024,
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
