import { nodeAead } from '@jetstream/handshake/testing';
import { AeadAlgorithm, type AeadProvider } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { CLIENT, SERVER, TestEndpoint } from './testing/endpoint-harness.ts';
import { FINISH, INITIAL, REPLY } from './testing/handshake-datagrams.ts';
import { type Datagram, VirtualNetwork } from './testing/virtual-network.ts';
import { SECOND_US, world } from './testing/world.ts';

describe('handshake between two endpoints', () => {
  it('is established after one and a half round trips, both sides agreeing on everything', () => {
    const { network, client, server, run, runUntilEstablished } = world({ seed: 1 });
    const connection = client.connect(network.nowUs);
    const startUs = network.nowUs;
    expect(runUntilEstablished()).toBe(true);
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
    run(SECOND_US, () => connection.openedPackets > 0 && server.connections[0]!.openedPackets > 0);
    expect(connection.openedPackets).toBeGreaterThan(0);
    expect([client.endpoint.connectionCount, server.endpoint.connectionCount]).toEqual([1, 1]);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
  });

  it('[HS-10] both sides protect packets by the AEAD that was picked', () => {
    const { Aes256Gcm, Aes128Gcm, ChaCha20Poly1305 } = AeadAlgorithm;
    const created: string[] = [];
    const provider = (side: string, algorithms: AeadAlgorithm[]): AeadProvider => ({
      algorithms,
      create(algorithm, key, iv) {
        created.push(`${side} ${algorithm}`);
        return nodeAead.create(algorithm, key, iv);
      },
    });
    const { network, client, runUntilEstablished } = world(
      { seed: 4 },
      { aead: provider('server', [ChaCha20Poly1305, Aes256Gcm]) },
      { aead: provider('client', [Aes256Gcm, Aes128Gcm, ChaCha20Poly1305]) },
    );
    client.connect(network.nowUs);
    expect(runUntilEstablished()).toBe(true);
    expect(new Set(created)).toEqual(new Set(['client 3', 'server 3']));
  });

  it('[HS-8] comes to be, once, under 50 % loss, reordering, duplication and damage', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { network, client, server, runUntilEstablished } = world(
        { seed, loss: 0.5, duplication: 0.3, corruption: 0.1, jitterUs: 300_000 },
        { handshakeTimeoutMs: 60_000 },
      );
      client.connect(network.nowUs);
      const established = runUntilEstablished(60 * SECOND_US);
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
    const serve = () => {
      for (const one of all) one.serve(network.nowUs);
    };
    const done = () =>
      clients.every(({ establishedCount }) => establishedCount === 1) && server.establishedCount === 60;
    expect(network.run(20 * SECOND_US, done, serve)).toBe(true);
  });

  it('goes on when the first packets of the client overtake its Finish', () => {
    const { network, client, server, run, runUntilEstablished } = world({ seed: 2 });
    client.connect(network.nowUs);
    const held: Datagram[] = [];
    network.onSent = (datagram) => {
      if (datagram.bytes[0] !== FINISH || held.length > 0) return true;
      held.push(datagram);
      return false;
    };
    client.connections[0]!.backlog = 20;
    run(95_000);
    expect(server.connections).toHaveLength(0);
    network.inject(held[0]!);
    expect(runUntilEstablished()).toBe(true);
    // As many as are kept for so long; the others are lost as any packet may be.
    expect(server.connections[0]!.openedPackets).toBe(8);
  });

  it('repeats Initials at growing intervals and gives up at the deadline with host-unreachable', () => {
    const { network, client, run } = world({ seed: 3, loss: 1 });
    const sentMs: number[] = [];
    const startUs = network.nowUs;
    network.onSent = () => {
      sentMs.push((network.nowUs - startUs) / 1000);
      return true;
    };
    client.connect(network.nowUs);
    run(20 * SECOND_US, () => client.closeCode() !== undefined);
    expect(sentMs).toEqual([0, 250, 750, 1750, 2750, 3750, 4750, 5750, 6750, 7750, 8750, 9750]);
    expect(client.closeCode()).toBe('host-unreachable');
    expect(network.nowUs - startUs).toBe(10 * SECOND_US);
    expect(client.endpoint.connectionCount).toBe(0);
    expect(client.endpoint.nextWakeUs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('repeats Finish until a packet of the server opens, then never more', () => {
    const { network, client, run, runUntilEstablished } = world({ seed: 4 });
    let finishes = 0;
    network.onSent = ({ bytes }) => bytes[0] !== FINISH || ++finishes === 4;
    client.connect(network.nowUs);
    expect(runUntilEstablished()).toBe(true);
    run(30 * SECOND_US);
    expect(finishes).toBeLessThanOrEqual(5);
  });

  it('[HS-11] sends nothing more until the policy accepts the key, and nothing at all when it refuses', () => {
    const { network, client, run } = world({ seed: 6 });
    client.acceptKeys = false;
    const types: number[] = [];
    network.onSent = ({ bytes }) => {
      types.push(bytes[0]!);
      return true;
    };
    const connection = client.connect(network.nowUs);
    run(3 * SECOND_US);
    expect(types).toEqual([INITIAL, REPLY]);
    expect(client.eventTypes()).toEqual(['peer-key']);
    connection.close(network.nowUs, 'host-key-changed', 'refused');
    run(SECOND_US);
    expect(types).toEqual([INITIAL, REPLY]);
    expect(client.endpoint.connectionCount).toBe(0);
  });

  it('[HS-6] an unfinished handshake is forgotten at the deadline, and a Finish after it comes too late', () => {
    const { network, client, server, run } = world({ seed: 7 }, {}, { handshakeTimeoutMs: 60_000 });
    client.acceptKeys = false;
    const connection = client.connect(network.nowUs);
    run(9 * SECOND_US);
    expect(server.endpoint.incomingHandshakeCount).toBe(1);
    run(2 * SECOND_US);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
    connection.acceptPeer(network.nowUs);
    run(2 * SECOND_US);
    expect(server.establishedCount).toBe(0);
  });

  it('[HS-6] the login deadline of a connection counts from the first Initial', () => {
    const { network, client, server, run, runUntilEstablished } = world({ seed: 8 });
    const startUs = network.nowUs;
    client.connect(network.nowUs);
    runUntilEstablished();
    expect(client.connections[0]!.setup.loginDeadlineUs).toBe(startUs + 10 * SECOND_US);
    expect(server.connections[0]!.setup.loginDeadlineUs).toBe(startUs + 20_000 + 10 * SECOND_US);
    run(11 * SECOND_US);
    expect([client.closeCode(), server.closeCode()]).toEqual(['login-timeout', 'login-timeout']);
  });
});
