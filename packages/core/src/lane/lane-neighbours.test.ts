import { MessageChannel } from 'node:worker_threads';
import { EventFd } from '@jetstream/platform';
import { connectionIdFromRandom } from '@jetstream/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaneNeighbours } from './lane-neighbours.ts';

const hasNative = EventFd.create() !== undefined;
const FROM = { address: '192.0.2.1', port: 7 };

/** A protected packet to a connection of that lane. */
function packetFor(lane: number): Uint8Array {
  const packet = new Uint8Array(64);
  packet.set(connectionIdFromRandom(new Uint8Array(8).fill(9), lane), 1);
  return packet;
}

describe.skipIf(!hasNative)(`lanes that share a port${hasNative ? '' : ' (needs native functions)'}`, () => {
  let wakes: EventFd[];
  let channel: MessageChannel;
  let zero: LaneNeighbours;
  let one: LaneNeighbours;

  beforeEach(() => {
    wakes = [EventFd.create()!, EventFd.create()!];
    channel = new MessageChannel();
    zero = new LaneNeighbours(0, [{ index: 1, port: channel.port1, wakeFd: wakes[1]!.fd }]);
    one = new LaneNeighbours(1, [{ index: 0, port: channel.port2, wakeFd: wakes[0]!.fd }]);
  });

  afterEach(() => {
    channel.port1.close();
    for (const wake of wakes) wake.close();
  });

  function takenIn(lanes: LaneNeighbours): { datagram: Uint8Array; from: unknown }[] {
    const taken: { datagram: Uint8Array; from: unknown }[] = [];
    lanes.takeIn((datagram, from) => taken.push({ datagram, from }));
    return taken;
  }

  it('pass a packet on to the lane that its connection id names, and wake it', () => {
    const packet = packetFor(1);
    expect(zero.passOn(packet, FROM, 0, packet.length)).toBe(true);
    const expected = packet.slice();
    packet.fill(0);
    expect(wakes[1]!.drain()).toBe(true);
    expect(takenIn(one)).toEqual([{ datagram: expected, from: FROM }]);
    expect(takenIn(one)).toEqual([]);
  });

  it('keep what is their own, what names no lane there is, handshakes and scraps', () => {
    const handshake = packetFor(1);
    handshake[0] = 0x80;
    for (const datagram of [
      packetFor(0),
      packetFor(2),
      packetFor(255),
      handshake,
      packetFor(1).subarray(0, 5),
    ]) {
      expect(zero.passOn(datagram, FROM, 0, datagram.length)).toBe(false);
    }
    expect(takenIn(one)).toEqual([]);
  });
});
