import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT, SERVER, TestEndpoint } from './testing/endpoint-harness.ts';
import { type Datagram, type NetworkOptions, VirtualNetwork } from './testing/virtual-network.ts';

const SECOND_US = 1_000_000;
const INITIAL = 0x80;
const REPLY = 0x81;
const FINISH = 0x82;
const COOKIE = 0x83;
const VERSION_NEGOTIATION = 0x84;

describe('handshake between two endpoints', () => {
  it('is established after one and a half round trips, both sides agreeing on everything', () => {
    const { network, client, server } = world({ seed: 1 });
    const connection = client.connect(network.nowUs);
    const startUs = network.nowUs;
    expect(runUntilEstablished({ network, client, server })).toBe(true);
    expect(network.nowUs - startUs).toBe(60_000);
    expect(client.eventTypes()).toEqual(['peer-key', 'established']);
    expect(server.eventTypes()).toEqual(['established']);
    const [ours, theirs] = [connection.keys!, server.connections[0]!.keys!];
    expect(ours.handshakeHash).toEqual(theirs.handshakeHash);
    expect(ours.handshakeHash).toHaveLength(32);
    expect(ours.localConnectionId).toEqual(theirs.peerConnectionId);
    expect(ours.peerConnectionId).toEqual(theirs.localConnectionId);
    expect(ours.peerParameters).toEqual({
      initialStreamCreditBytes: 65_536,
      initialBlockCredit: 2,
      maxDatagramBytes: 1472,
      idleTimeoutMs: 30_000,
      software: 'test',
    });
    expect(client.events[0]).toMatchObject({ type: 'peer-key', publicKey: ours.peerStaticKey });
    expect(ours.rttUs).toBe(40_000);
    network.run(SECOND_US, () => connection.openedPackets > 0 && server.connections[0]!.openedPackets > 0);
    expect(connection.openedPackets).toBeGreaterThan(0);
    expect([client.endpoint.connectionCount, server.endpoint.connectionCount]).toEqual([1, 1]);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
  });

  it('[HS-8] comes to be, once, under 50 % loss, reordering, duplication and damage', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { network, client, server } = world(
        { seed, loss: 0.5, duplication: 0.3, corruption: 0.1, jitterUs: 300_000 },
        { handshakeTimeoutMs: 60_000 },
      );
      client.connect(network.nowUs);
      const established = runUntilEstablished({ network, client, server }, 60 * SECOND_US);
      expect(established, `seed ${seed}`).toBe(true);
      network.run(5 * SECOND_US, () => false);
      expect(client.establishedCount, `seed ${seed}`).toBe(1);
      expect(server.establishedCount, `seed ${seed}`).toBe(1);
      expect(client.connections[0]!.keys!.handshakeHash).toEqual(server.connections[0]!.keys!.handshakeHash);
    }
  }, 30_000);

  it('many clients at once come through, under loss, on one server', () => {
    const network = new VirtualNetwork({ seed: 5, loss: 0.1, jitterUs: 30_000 });
    const server = new TestEndpoint(500, { cookieThreshold: 10 });
    network.add(server.endpoint, SERVER);
    const clients = Array.from({ length: 60 }, (_, index) => {
      const client = new TestEndpoint(1000 + index);
      network.add(client.endpoint, { ...CLIENT, port: CLIENT.port + index });
      client.connect(network.nowUs);
      return client;
    });
    const all = [...clients, server];
    const serve = () => all.forEach((one) => one.serve(network.nowUs));
    const done = () =>
      clients.every(({ establishedCount }) => establishedCount === 1) && server.establishedCount === 60;
    expect(network.run(20 * SECOND_US, done, serve)).toBe(true);
  });

  it('goes on when the first packets of the client overtake its Finish', () => {
    const { network, client, server } = world({ seed: 2 });
    client.connect(network.nowUs);
    const held: Datagram[] = [];
    network.onSent = (datagram) => {
      if (datagram.bytes[0] !== FINISH || held.length > 0) return true;
      held.push(datagram);
      return false;
    };
    client.connections[0]!.backlog = 20;
    network.run(95_000, () => false, serveBoth(network, client, server));
    expect(server.connections).toHaveLength(0);
    network.inject(held[0]!);
    expect(runUntilEstablished({ network, client, server })).toBe(true);
    // As many as are kept for so long; the others are lost as any packet may be.
    expect(server.connections[0]!.openedPackets).toBe(8);
  });

  it('repeats Initials at growing intervals and gives up at the deadline with host-unreachable', () => {
    const { network, client, server } = world({ seed: 3, loss: 1 });
    const sentMs: number[] = [];
    const startUs = network.nowUs;
    network.onSent = () => {
      sentMs.push((network.nowUs - startUs) / 1000);
      return true;
    };
    client.connect(network.nowUs);
    network.run(20 * SECOND_US, () => client.closeCode() !== undefined, serveBoth(network, client, server));
    expect(sentMs).toEqual([0, 250, 750, 1750, 2750, 3750, 4750, 5750, 6750, 7750, 8750, 9750]);
    expect(client.closeCode()).toBe('host-unreachable');
    expect(network.nowUs - startUs).toBe(10 * SECOND_US);
    expect(client.endpoint.connectionCount).toBe(0);
    expect(client.endpoint.nextWakeUs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('repeats Finish until a packet of the server opens, then never more', () => {
    const { network, client, server } = world({ seed: 4 });
    let finishes = 0;
    network.onSent = ({ bytes }) => bytes[0] !== FINISH || ++finishes === 4;
    client.connect(network.nowUs);
    expect(runUntilEstablished({ network, client, server })).toBe(true);
    network.run(30 * SECOND_US, () => false, serveBoth(network, client, server));
    expect(finishes).toBeLessThanOrEqual(5);
  });

  it('[HS-11] sends nothing more until the policy accepts the key, and nothing at all when it refuses', () => {
    const { network, client, server } = world({ seed: 6 });
    client.acceptKeys = false;
    const types: number[] = [];
    network.onSent = ({ bytes }) => {
      types.push(bytes[0]!);
      return true;
    };
    const connection = client.connect(network.nowUs);
    network.run(3 * SECOND_US, () => false, serveBoth(network, client, server));
    expect(types).toEqual([INITIAL, REPLY]);
    expect(client.eventTypes()).toEqual(['peer-key']);
    connection.close(network.nowUs, 'host-key-changed', 'refused');
    network.run(SECOND_US, () => false, serveBoth(network, client, server));
    expect(types).toEqual([INITIAL, REPLY]);
    expect(client.endpoint.connectionCount).toBe(0);
  });

  it('[HS-6] an unfinished handshake is forgotten at the deadline, and a Finish after it comes too late', () => {
    const { network, client, server } = world({ seed: 7 }, {}, { handshakeTimeoutMs: 60_000 });
    client.acceptKeys = false;
    const connection = client.connect(network.nowUs);
    network.run(9 * SECOND_US, () => false, serveBoth(network, client, server));
    expect(server.endpoint.incomingHandshakeCount).toBe(1);
    network.run(2 * SECOND_US, () => false, serveBoth(network, client, server));
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
    connection.acceptPeer(network.nowUs);
    network.run(2 * SECOND_US, () => false, serveBoth(network, client, server));
    expect(server.establishedCount).toBe(0);
  });

  it('[HS-6] the login deadline of a connection counts from the first Initial', () => {
    const { network, client, server } = world({ seed: 8 });
    const startUs = network.nowUs;
    client.connect(network.nowUs);
    runUntilEstablished({ network, client, server });
    expect(client.connections[0]!.setup.loginDeadlineUs).toBe(startUs + 10 * SECOND_US);
    expect(server.connections[0]!.setup.loginDeadlineUs).toBe(startUs + 20_000 + 10 * SECOND_US);
    network.run(11 * SECOND_US, () => false, serveBoth(network, client, server));
    expect([client.closeCode(), server.closeCode()]).toEqual(['login-timeout', 'login-timeout']);
  });
});

describe('version negotiation', () => {
  it('[HS-2] an Initial of an unknown version is answered once, and nothing is kept', () => {
    const { network, server, tap } = serverWorld(20);
    for (let count = 0; count < 3; count++) network.inject(initialOfVersion(0x12345678, count));
    network.run(SECOND_US, () => false);
    expect(tap.map(({ bytes }) => bytes[0])).toEqual([
      VERSION_NEGOTIATION,
      VERSION_NEGOTIATION,
      VERSION_NEGOTIATION,
    ]);
    expect(Buffer.from(tap[0]!.bytes.subarray(-4)).toString('hex')).toBe('4a530001');
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
    expect(server.endpoint.nextWakeUs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('[HS-2] a client that is told of other versions only fails with version-mismatch', () => {
    const { network, client, server } = world({ seed: 21 });
    client.connect(network.nowUs);
    network.onSent = (datagram) => {
      if (datagram.bytes[0] === INITIAL)
        network.inject(versionNegotiationFor(datagram, [0x4a530002, 0x4a530003]));
      return false;
    };
    network.run(SECOND_US, () => client.closeCode() !== undefined, serveBoth(network, client, server));
    expect(client.closeCode()).toBe('version-mismatch');
  });

  it('[HS-7] is ignored when it lists our version or carries another connection id', () => {
    const { network, client, server } = world({ seed: 22 });
    client.connect(network.nowUs);
    network.onSent = (datagram) => {
      if (datagram.bytes[0] !== INITIAL) return true;
      network.inject(versionNegotiationFor(datagram, [0x4a530002, 0x4a530001]));
      const foreign = versionNegotiationFor(datagram, [0x4a530002]);
      foreign.bytes[12]! ^= 1;
      network.inject(foreign);
      return true;
    };
    expect(runUntilEstablished({ network, client, server })).toBe(true);
  });
});

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
    const network = new VirtualNetwork({ seed: 50 });
    const server = new TestEndpoint(51);
    const client = new TestEndpoint(52);
    network.add(server.endpoint, SERVER);
    network.add(client.endpoint, CLIENT);
    let cookies = 0;
    network.onSent = ({ bytes }) => {
      if (bytes[0] === COOKIE) cookies++;
      return true;
    };
    for (let count = 0; count < 1000; count++) {
      const { bytes } = recordInitial(10_000 + count);
      server.endpoint.receive(network.nowUs, bytes, {
        address: `203.0.113.${count % 250}`,
        port: 1000 + count,
      });
    }
    expect(server.endpoint.incomingHandshakeCount).toBe(64);
    client.connect(network.nowUs);
    expect(runUntilEstablished({ network, client, server })).toBe(true);
    expect(cookies).toBeGreaterThan(0);
    expect(server.endpoint.incomingHandshakeCount).toBe(64);
    network.run(11 * SECOND_US, () => false, serveBoth(network, client, server));
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
    const { network, client, server } = world({ seed: 57 });
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
    network.run(200_000, () => false, serveBoth(network, client, server));
    expect(initials).toBe(1);
    network.onSent = (datagram) => {
      if (datagram.bytes[0] !== INITIAL) return true;
      initials++;
      for (let count = 0; count < 10; count++) network.inject(cookieFor(datagram));
      return false;
    };
    network.run(9 * SECOND_US, () => false, serveBoth(network, client, server));
    expect(initials).toBeLessThan(20);
  });

  it('[HS-8] a repeated or replayed Initial makes no second connection, before, during and after the handshake', () => {
    const { network, client, server } = world({ seed: 60 });
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
    expect(runUntilEstablished({ network, client, server })).toBe(true);
    expect(new Set(replies).size).toBe(1);
    const repliesBefore = replies.length;
    for (let count = 0; count < 5; count++)
      network.inject({ ...initials[0]!, bytes: initials[0]!.bytes.slice() });
    network.run(SECOND_US, () => false, serveBoth(network, client, server));
    expect(replies.length).toBe(repliesBefore);
    expect(server.establishedCount).toBe(1);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
  });

  it('an attacker who copies the connection id, or damages every first Reply, cannot keep a client out', () => {
    const { network, client, server } = world({ seed: 61 });
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
    expect(runUntilEstablished({ network, client, server })).toBe(true);
  });

  it('[HS-9] a flipped bit in every Initial, Reply or Finish: both sides agree all the same, or no connection comes of it', () => {
    for (const type of [INITIAL, REPLY, FINISH]) {
      const length = type === INITIAL ? 80 : 260;
      for (let bit = 0; bit < length * 8; bit += 7) {
        const { network, client, server } = world({ seed: 70 });
        network.onSent = ({ bytes }) => {
          if (bytes[0] === type && bit < bytes.length * 8) bytes[bit >> 3]! ^= 1 << (bit & 7);
          return true;
        };
        client.connect(network.nowUs);
        network.run(2 * SECOND_US, () => false, serveBoth(network, client, server));
        const [ours, theirs] = [client.connections[0]!.keys, server.connections[0]?.keys];
        if (theirs !== undefined)
          expect(theirs.handshakeHash, `${type} bit ${bit}`).toEqual(ours!.handshakeHash);
        else expect(server.establishedCount).toBe(0);
      }
    }
  }, 60_000);

  it('a Finish from another address than the Reply went to is passed over: it would prove an address that was never asked', () => {
    const { network, client, server } = world({ seed: 71 });
    client.connect(network.nowUs);
    let finish: Datagram | undefined;
    network.onSent = (datagram) => {
      if (datagram.bytes[0] !== FINISH) return true;
      finish = { ...datagram, from: { address: '203.0.113.66', port: 53 } };
      return false;
    };
    network.run(200_000, () => false, serveBoth(network, client, server));
    network.inject(finish!);
    network.run(200_000, () => false, serveBoth(network, client, server));
    expect(server.establishedCount).toBe(0);
    expect(server.endpoint.incomingHandshakeCount).toBe(1);
  });
});

describe('limits', () => {
  it('at the connection cap Initials are dropped, and taken again when a connection is gone', () => {
    const { network, client, server } = world({ seed: 80 }, { maxConnections: 1 });
    client.connect(network.nowUs);
    expect(runUntilEstablished({ network, client, server })).toBe(true);
    client.connect(network.nowUs);
    network.run(2 * SECOND_US, () => false, serveBoth(network, client, server));
    expect(server.endpoint.connectionCount).toBe(1);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
    server.connections[0]!.close(network.nowUs, 'none', '');
    expect(server.endpoint.connectionCount).toBe(0);
    network.run(5 * SECOND_US, () => server.establishedCount === 2, serveBoth(network, client, server));
    expect(server.establishedCount).toBe(2);
  });

  it('takes no new connection after stopAccepting, not even one that is half made; the others live on', () => {
    const { network, client, server } = world({ seed: 81 });
    const first = client.connect(network.nowUs);
    expect(runUntilEstablished({ network, client, server })).toBe(true);
    const second = client.connect(network.nowUs);
    network.run(45_000, () => false);
    expect(server.endpoint.incomingHandshakeCount).toBe(1);
    server.endpoint.stopAccepting();
    client.connect(network.nowUs);
    network.run(2 * SECOND_US, () => false, serveBoth(network, client, server));
    expect(server.establishedCount).toBe(1);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
    expect(first.isDrained).toBe(false);
    expect(second.openedPackets).toBe(0);
  });

  it('a pure client drops Initials', () => {
    const { network, client, server } = world({ seed: 82 }, { acceptIncoming: false });
    client.connect(network.nowUs);
    network.run(11 * SECOND_US, () => false, serveBoth(network, client, server));
    expect(client.closeCode()).toBe('host-unreachable');
    expect(server.endpoint.connectionCount + server.endpoint.incomingHandshakeCount).toBe(0);
  });

  it('options out of range are refused by name', () => {
    const invalid = (subject?: string) =>
      expect.objectContaining({ code: 'invalid-argument', ...(subject && { subject }) });
    expect(() => new TestEndpoint(1, { maxConnections: 0 })).toThrowError(invalid('maxConnections'));
    expect(() => new TestEndpoint(1, { handshakeTimeoutMs: Number.NaN })).toThrowError(
      invalid('handshakeTimeoutMs'),
    );
    expect(() => new TestEndpoint(1, { maxDatagramBytes: 1199 })).toThrowError(invalid('maxDatagramBytes'));
    expect(() => new TestEndpoint(1, { keyUpdatePackets: 2 ** 22 + 1 })).toThrowError(
      invalid('keyUpdatePackets'),
    );
    expect(() => new TestEndpoint(1, { staticPrivateKey: new Uint8Array(31) })).toThrowError(invalid());
  });
});

describe('turns', () => {
  it('connections that have something to send share by turns; those that have nothing are not asked', () => {
    const { network, client, server } = world({ seed: 90 });
    for (let count = 0; count < 50; count++) client.connect(network.nowUs);
    const all = () => client.establishedCount === 50 && server.establishedCount === 50;
    expect(network.run(10 * SECOND_US, all, serveBoth(network, client, server))).toBe(true);
    for (const one of [...client.connections, ...server.connections]) one.raiseLimits();
    network.run(2 * SECOND_US, () => false);
    const [first, second, ...idle] = client.connections;
    const idleCalls = () => idle.reduce((sum, { transmitCalls }) => sum + transmitCalls, 0);
    const before = idleCalls();
    first!.queue(1000);
    second!.queue(100);
    const buffer = new Uint8Array(1500);
    const send = () => client.endpoint.transmit(network.nowUs, buffer).bytes > 0;
    for (let count = 0; count < 240; count++) expect(send()).toBe(true);
    expect([first!.backlog, second!.backlog]).toEqual([860, 0]);
    for (let count = 0; count < 860; count++) expect(send()).toBe(true);
    expect(send()).toBe(false);
    expect(idleCalls()).toBe(before);
    expect(client.endpoint.nextWakeUs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('hands each connection with events out once, and forgets a closed one when its events were queued', () => {
    const { network, client, server } = world({ seed: 91 });
    const connection = client.connect(network.nowUs);
    expect(client.endpoint.pollReady()).toBeUndefined();
    connection.close(network.nowUs, 'cancelled', 'changed my mind');
    expect(client.endpoint.connectionCount).toBe(0);
    expect(client.endpoint.pollReady()).toBe(connection);
    expect(client.endpoint.pollReady()).toBeUndefined();
    network.run(SECOND_US, () => false);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
  });
});

function world(network: NetworkOptions, serverOptions: object = {}, clientOptions: object = serverOptions) {
  const parts = {
    network: new VirtualNetwork(network),
    client: new TestEndpoint(2 * network.seed, { ...clientOptions, acceptIncoming: false }),
    server: new TestEndpoint(2 * network.seed + 1, serverOptions),
  };
  parts.network.add(parts.client.endpoint, CLIENT);
  parts.network.add(parts.server.endpoint, SERVER);
  return parts;
}

/** A server alone, and what it sends. */
function serverWorld(seed: number, options: object = {}) {
  const network = new VirtualNetwork({ seed });
  const server = new TestEndpoint(seed, options);
  network.add(server.endpoint, SERVER);
  const tap: Datagram[] = [];
  network.onSent = (datagram) => {
    tap.push(datagram);
    return false;
  };
  return { network, server, tap };
}

interface Parts {
  network: VirtualNetwork;
  client: TestEndpoint;
  server: TestEndpoint;
}

function serveBoth(network: VirtualNetwork, client: TestEndpoint, server: TestEndpoint): () => void {
  return () => {
    client.serve(network.nowUs);
    server.serve(network.nowUs);
  };
}

function runUntilEstablished({ network, client, server }: Parts, limitUs = 10 * SECOND_US): boolean {
  const done = () => client.establishedCount > 0 && server.establishedCount > 0;
  return network.run(limitUs, done, serveBoth(network, client, server));
}

/** The first Initial of a fresh client. */
function recordInitial(seed: number): Datagram {
  const client = new TestEndpoint(seed);
  client.connect(0);
  const buffer = new Uint8Array(2000);
  const { bytes } = client.endpoint.transmit(0, buffer);
  return { from: CLIENT, to: SERVER, bytes: buffer.slice(0, bytes) };
}

function initialOfVersion(version: number, connectionId: number): Datagram {
  const bytes = Buffer.alloc(1200);
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

function versionNegotiationFor(initial: Datagram, versions: number[]): Datagram {
  const body = Buffer.alloc(4 * versions.length);
  versions.forEach((version, index) => void body.writeUInt32BE(version, 4 * index));
  return answerTo(initial, VERSION_NEGOTIATION, 0, body);
}

function cookieFor(initial: Datagram): Datagram {
  return answerTo(initial, COOKIE, 0x4a530001, Uint8Array.of(3, 1, 2, 3));
}
