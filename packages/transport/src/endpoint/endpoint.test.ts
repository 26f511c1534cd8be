import { describe, expect, it } from 'vitest';
import { TestEndpoint } from './testing/endpoint-harness.ts';
import { SECOND_US, world } from './testing/world.ts';

describe('limits', () => {
  it('at the connection cap Initials are dropped, and taken again when a connection is gone', () => {
    const { network, client, server, run, runUntilEstablished } = world({ seed: 80 }, { maxConnections: 1 });
    client.connect(network.nowUs);
    expect(runUntilEstablished()).toBe(true);
    client.connect(network.nowUs);
    run(2 * SECOND_US);
    expect(server.endpoint.connectionCount).toBe(1);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
    server.connections[0]!.close(network.nowUs, 'none', '');
    expect(server.endpoint.connectionCount).toBe(0);
    run(5 * SECOND_US, () => server.establishedCount === 2);
    expect(server.establishedCount).toBe(2);
  });

  it('takes so many connections from one address that have not logged in, and more as they do or go', () => {
    const { network, client, server, run } = world({ seed: 84 }, { maxStrangersPerNetwork: 2 });
    for (let i = 0; i < 4; i++) client.connect(network.nowUs);
    run(SECOND_US);
    expect(server.establishedCount).toBe(2);
    server.connections[0]!.raiseLimits();
    run(2 * SECOND_US, () => server.establishedCount === 3);
    expect(server.establishedCount).toBe(3);
    server.connections[1]!.close(network.nowUs, 'none', '');
    run(2 * SECOND_US, () => server.establishedCount === 4);
    expect(server.establishedCount).toBe(4);
    server.connections[0]!.close(network.nowUs, 'none', '');
    client.connect(network.nowUs);
    run(2 * SECOND_US);
    expect(server.establishedCount).toBe(4);
  });

  it('takes no new connection after stopAccepting, not even one that is half made; the others live on', () => {
    const { network, client, server, run, runUntilEstablished } = world({ seed: 81 });
    const first = client.connect(network.nowUs);
    expect(runUntilEstablished()).toBe(true);
    const second = client.connect(network.nowUs);
    network.run(45_000, () => false);
    expect(server.endpoint.incomingHandshakeCount).toBe(1);
    server.endpoint.stopAccepting();
    client.connect(network.nowUs);
    run(2 * SECOND_US);
    expect(server.establishedCount).toBe(1);
    expect(server.endpoint.incomingHandshakeCount).toBe(0);
    expect(first.isDrained).toBe(false);
    expect(second.openedPackets).toBe(0);
  });

  it('a pure client drops Initials', () => {
    const { network, client, server, run } = world({ seed: 82 }, { acceptIncoming: false });
    client.connect(network.nowUs);
    run(11 * SECOND_US);
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
    const { network, client, server, run } = world({ seed: 90 });
    for (let count = 0; count < 50; count++) client.connect(network.nowUs);
    const all = () => client.establishedCount === 50 && server.establishedCount === 50;
    expect(run(10 * SECOND_US, all)).toBe(true);
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
