import { discoverTokenOf, encodeDiscoverPacket } from '@jetstream/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CLIENT, SERVER } from './testing/endpoint-harness.ts';
import { seededBytes, seededRandom } from './testing/seeded-random.ts';
import { SECOND_US, serverWorld, world } from './testing/world.ts';

const random = seededBytes(seededRandom(80));
const packetOf = (token: Uint8Array) => {
  const packet = new Uint8Array(21);
  encodeDiscoverPacket(packet, token);
  return packet;
};

it('[DP-1] what is not 21 bytes of our version is dropped', () => {
  const { network, server } = serverWorld(81);
  const token = random(16);
  server.endpoint.expectDiscover(token);
  const packet = packetOf(token);
  const take = (datagram: Uint8Array) => server.endpoint.receive(network.nowUs, datagram, CLIENT);
  for (let length = 0; length < packet.length; length++) take(packet.slice(0, length));
  take(Uint8Array.from([...packet, 0]));
  for (let at = 0; at < 5; at++) take(packet.map((byte, index) => (index === at ? byte ^ 1 : byte)));
  expect(server.endpoint.pollDiscovered()).toBeUndefined();
  take(packet);
  expect(server.endpoint.pollDiscovered()).toEqual({ token, from: CLIENT });
});

it('[DP-2] only a packet that is waited for is told of, once, and nothing of it but where it came from', () => {
  const { network, server } = serverWorld(82);
  const [token, taken, other] = [random(16), random(16), random(16)];
  const take = (each: Uint8Array, port: number) =>
    server.endpoint.receive(network.nowUs, packetOf(each), { ...CLIENT, port });
  take(token, 1);
  server.endpoint.expectDiscover(token);
  server.endpoint.expectDiscover(taken);
  server.endpoint.forgetDiscover(taken);
  take(taken, 2);
  take(other, 3);
  expect(server.endpoint.pollDiscovered()).toBeUndefined();
  for (const port of [4, 5, 6]) take(token, port);
  expect(server.endpoint.pollDiscovered()).toEqual({ token, from: { ...CLIENT, port: 4 } });
  expect(server.endpoint.pollDiscovered()).toBeUndefined();
  server.endpoint.expectDiscover(token);
  take(token, 7);
  expect(server.endpoint.pollDiscovered()?.from.port).toBe(7);
});

it('[DP-3] nothing is sent for one, waited for or not, and no connection comes of it', () => {
  const { network, server, tap } = serverWorld(83);
  const expected = random(16);
  server.endpoint.expectDiscover(expected);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (rest, whole) => {
      const bytes = whole ? packetOf(random(16)) : Uint8Array.from([0x85, ...rest]);
      server.endpoint.receive(network.nowUs, bytes, CLIENT);
    }),
  );
  server.endpoint.receive(network.nowUs, packetOf(expected), CLIENT);
  network.run(SECOND_US, () => false);
  expect(tap).toEqual([]);
  expect(server.endpoint.incomingHandshakeCount + server.endpoint.connectionCount).toBe(0);
  expect(server.endpoint.nextWakeUs()).toBe(Number.POSITIVE_INFINITY);
});

it('one that is sent comes to whoever waits for it, at most 64 at once, and connections go on', () => {
  const { network, client, server, run, runUntilEstablished } = world({ seed: 84 });
  client.connect(network.nowUs);
  expect(runUntilEstablished()).toBe(true);
  const tokens = Array.from({ length: 70 }, () => random(16));
  for (const token of tokens) {
    client.endpoint.expectDiscover(token);
    server.endpoint.sendDiscover(token, CLIENT);
  }
  const sent: Uint8Array[] = [];
  network.onSent = ({ bytes }) => {
    const token = discoverTokenOf(bytes);
    if (token) sent.push(token.slice());
    return true;
  };
  run(SECOND_US);
  expect(sent).toEqual(tokens.slice(0, 64));
  const told = [];
  for (let next = client.endpoint.pollDiscovered(); next; next = client.endpoint.pollDiscovered())
    told.push(next);
  // The network loses none, but mixes them up.
  expect(told.map(({ from }) => from)).toEqual(Array.from({ length: 64 }, () => SERVER));
  expect(client.closeCode() ?? server.closeCode()).toBeUndefined();
});
