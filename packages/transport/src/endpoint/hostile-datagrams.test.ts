import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT, SERVER, TestEndpoint } from './testing/endpoint-harness.ts';
import {
  COOKIE,
  cookieFor,
  FINISH,
  forgedInitial,
  INITIAL,
  initialOfVersion,
  REPLY,
  recordInitial,
  VERSION_NEGOTIATION,
} from './testing/handshake-datagrams.ts';
import { seededBytes, seededRandom } from './testing/seeded-random.ts';
import type { Datagram } from './testing/virtual-network.ts';
import { SECOND_US, serverWorld, world } from './testing/world.ts';

describe('an endpoint under attack', () => {
  it('[DG-1] [DG-2] [HS-1] random, short and cut datagrams get no answer and leave no trace', () => {
    const { network, server, tap } = serverWorld(30);
    const initial = recordInitial(31);
    const firstByte = fc.constantFrom(
      0x00,
      0x40,
      INITIAL,
      REPLY,
      FINISH,
      COOKIE,
      VERSION_NEGOTIATION,
      0x85,
      0x01,
      0xff,
    );
    fc.assert(
      fc.property(firstByte, fc.uint8Array({ maxLength: 1300 }), (first, bytes) => {
        const datagram = Uint8Array.from([first, ...bytes]);
        // Not one that happens to be an Initial of some version: that one has an answer.
        if (first === INITIAL && datagram.length >= 1200) return;
        server.endpoint.receive(network.nowUs, datagram, CLIENT);
      }),
      { numRuns: 2000 },
    );
    for (let length = 0; length < 1200; length++) {
      server.endpoint.receive(network.nowUs, initial.bytes.slice(0, length), CLIENT);
    }
    server.endpoint.receive(network.nowUs, new Uint8Array(65_507), CLIENT);
    network.run(SECOND_US, () => false);
    expect(tap).toEqual([]);
    expect(server.endpoint.incomingHandshakeCount + server.endpoint.connectionCount).toBe(0);
  });

  it('[HS-1] an Initial has at least 1,200 bytes', () => {
    expect(recordInitial(32).bytes.length).toBe(1200);
  });

  it('[HS-3] a spoofed source gets at most three times what was sent in its name, in all', () => {
    for (let seed = 40; seed < 50; seed++) {
      const { network, server, tap } = serverWorld(seed, { cookieThreshold: seed % 2 === 0 ? 64 : 0 });
      const initial = recordInitial(seed);
      let received = 0;
      const send = (bytes: Uint8Array) => {
        received += bytes.length;
        network.inject({ from: CLIENT, to: SERVER, bytes });
      };
      for (let count = 0; count < 5; count++) {
        send(initial.bytes.slice());
        send(initialOfVersion(7, count).bytes);
        network.run(3 * SECOND_US, () => false);
        const sent = tap.reduce((sum, { bytes }) => sum + bytes.length, 0);
        expect(tap.length).toBeGreaterThan(0);
        expect(sent).toBeLessThanOrEqual(3 * received);
      }
      expect(server.establishedCount).toBe(0);
    }
  });

  it('[HS-4] a thousand Initials from spoofed sources keep no state beyond the threshold, and a client comes through', () => {
    const { network, client, server, run, runUntilEstablished } = world({ seed: 50 });
    let cookies = 0;
    network.onSent = ({ bytes }) => {
      if (bytes[0] === COOKIE) cookies++;
      return true;
    };
    const random = seededBytes(seededRandom(51));
    for (let count = 0; count < 1000; count++) {
      const { bytes } = forgedInitial(random);
      server.endpoint.receive(network.nowUs, bytes, {
        address: `203.0.113.${count % 250}`,
        port: 1000 + count,
      });
    }
    expect(server.endpoint.incomingHandshakeCount).toBe(64);
    client.connect(network.nowUs);
    expect(runUntilEstablished()).toBe(true);
    expect(cookies).toBeGreaterThan(0);
    expect(server.endpoint.incomingHandshakeCount).toBe(64);
    run(11 * SECOND_US);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
  });

  it('[HS-4] [HS-5] a cookie is good for its own address only', () => {
    const { network, server, tap } = serverWorld(55, { cookieThreshold: 0 });
    const client = new TestEndpoint(56);
    client.connect(network.nowUs);
    const buffer = new Uint8Array(1500);
    const nextInitial = () => buffer.slice(0, client.endpoint.transmit(network.nowUs, buffer).bytes);
    server.endpoint.receive(network.nowUs, nextInitial(), CLIENT);
    network.run(1, () => false);
    expect(tap[0]!.bytes[0]).toBe(COOKIE);
    client.endpoint.receive(network.nowUs, tap[0]!.bytes, SERVER);
    const withCookie = nextInitial();
    server.endpoint.receive(network.nowUs, withCookie.slice(), { ...CLIENT, address: '203.0.113.9' });
    server.endpoint.receive(network.nowUs, withCookie.slice(), { ...CLIENT, port: CLIENT.port + 1 });
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
    server.endpoint.receive(network.nowUs + 31 * SECOND_US, withCookie.slice(), CLIENT);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
    server.endpoint.receive(network.nowUs + 29 * SECOND_US, withCookie.slice(), CLIENT);
    expect(server.endpoint.incomingHandshakeCount).toBe(1);
  });

  it('[HS-7] a Cookie with another connection id is ignored, and cookies cannot make a client send without end', () => {
    const { network, client, run } = world({ seed: 57 });
    client.connect(network.nowUs);
    let initials = 0;
    network.onSent = (datagram) => {
      if (datagram.bytes[0] !== INITIAL) return true;
      initials++;
      const foreign = cookieFor(datagram);
      foreign.bytes[12]! ^= 1;
      network.inject(foreign);
      return false;
    };
    run(200_000);
    expect(initials).toBe(1);
    network.onSent = (datagram) => {
      if (datagram.bytes[0] !== INITIAL) return true;
      initials++;
      for (let count = 0; count < 10; count++) network.inject(cookieFor(datagram));
      return false;
    };
    run(9 * SECOND_US);
    expect(initials).toBeLessThan(20);
  });

  it('[HS-8] a repeated or replayed Initial makes no second connection, before, during and after the handshake', () => {
    const { network, client, server, run, runUntilEstablished } = world({ seed: 60 });
    const initials: Datagram[] = [];
    const replies: string[] = [];
    network.onSent = (datagram) => {
      if (datagram.bytes[0] === INITIAL) initials.push({ ...datagram, bytes: datagram.bytes.slice() });
      if (datagram.bytes[0] === REPLY) replies.push(Buffer.from(datagram.bytes).toString('hex'));
      return true;
    };
    client.connect(network.nowUs);
    network.run(1, () => false);
    for (let count = 0; count < 5; count++)
      network.inject({ ...initials[0]!, bytes: initials[0]!.bytes.slice() });
    expect(runUntilEstablished()).toBe(true);
    expect(new Set(replies).size).toBe(1);
    const repliesBefore = replies.length;
    for (let count = 0; count < 5; count++)
      network.inject({ ...initials[0]!, bytes: initials[0]!.bytes.slice() });
    run(SECOND_US);
    expect(replies.length).toBe(repliesBefore);
    expect(server.establishedCount).toBe(1);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
  });

  it('an attacker who copies the connection id, or damages every first Reply, cannot keep a client out', () => {
    const { network, client, server, runUntilEstablished } = world({ seed: 61 });
    let replies = 0;
    network.onSent = (datagram) => {
      if (datagram.bytes[0] === INITIAL) {
        const rival = recordInitial(62);
        rival.bytes.set(datagram.bytes.subarray(13, 21), 13);
        server.endpoint.receive(network.nowUs, rival.bytes, CLIENT);
      }
      if (datagram.bytes[0] === REPLY && replies++ < 3) datagram.bytes[60]! ^= 1;
      return true;
    };
    client.connect(network.nowUs);
    expect(runUntilEstablished()).toBe(true);
  });

  it('[HS-9] a flipped bit in every Initial, Reply or Finish: both sides agree all the same, or no connection comes of it', () => {
    for (const type of [INITIAL, REPLY, FINISH]) {
      const length = type === INITIAL ? 80 : 260;
      for (let bit = 0; bit < length * 8; bit += 31) {
        const { network, client, server, run } = world({ seed: 70 });
        network.onSent = ({ bytes }) => {
          if (bytes[0] === type && bit < bytes.length * 8) bytes[bit >> 3]! ^= 1 << (bit & 7);
          return true;
        };
        client.connect(network.nowUs);
        run(2 * SECOND_US);
        const [ours, theirs] = [client.connections[0]!.keys, server.connections[0]?.keys];
        if (theirs !== undefined)
          expect(theirs.handshakeHash, `${type} bit ${bit}`).toEqual(ours!.handshakeHash);
        else expect(server.establishedCount).toBe(0);
      }
    }
  });

  it('a Finish from another address than the Reply went to is passed over: it would prove an address that was never asked', () => {
    const { network, client, server, run } = world({ seed: 71 });
    client.connect(network.nowUs);
    let finish: Datagram | undefined;
    network.onSent = (datagram) => {
      if (datagram.bytes[0] !== FINISH) return true;
      finish = { ...datagram, from: { address: '203.0.113.66', port: 53 } };
      return false;
    };
    run(200_000);
    network.inject(finish!);
    run(200_000);
    expect(server.establishedCount).toBe(0);
    expect(server.endpoint.incomingHandshakeCount).toBe(1);
  });
});
