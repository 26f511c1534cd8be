import { describe, expect, it } from 'vitest';
import {
  INITIAL,
  initialOfVersion,
  VERSION_NEGOTIATION,
  versionNegotiationFor,
} from './testing/handshake-datagrams.ts';
import { SECOND_US, serverWorld, world } from './testing/world.ts';

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
    const { network, client, run } = world({ seed: 21 });
    client.connect(network.nowUs);
    network.onSent = (datagram) => {
      if (datagram.bytes[0] === INITIAL)
        network.inject(versionNegotiationFor(datagram, [0x4a530002, 0x4a530003]));
      return false;
    };
    run(SECOND_US, () => client.closeCode() !== undefined);
    expect(client.closeCode()).toBe('version-mismatch');
  });

  it('[HS-7] is ignored when it lists our version or carries another connection id', () => {
    const { network, client, runUntilEstablished } = world({ seed: 22 });
    client.connect(network.nowUs);
    network.onSent = (datagram) => {
      if (datagram.bytes[0] !== INITIAL) return true;
      network.inject(versionNegotiationFor(datagram, [0x4a530002, 0x4a530001]));
      const foreign = versionNegotiationFor(datagram, [0x4a530002]);
      foreign.bytes[12]! ^= 1;
      network.inject(foreign);
      return true;
    };
    expect(runUntilEstablished()).toBe(true);
  });
});
