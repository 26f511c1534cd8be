import { AckFrame, Ecn } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceivedPackets } from './received-packets.ts';

function describeAck(received: ReceivedPackets, nowUs = 0) {
  const ack = new AckFrame();
  received.describe(nowUs, ack);
  const ranges = Array.from({ length: ack.rangeCount }, (_, i) => [ack.smallest[i]!, ack.largest[i]!]);
  return { delayUs: ack.delayUs, arrivalUs: ack.arrivalUs, ranges };
}

function countsOf(received: ReceivedPackets): (boolean | number)[] {
  const ack = new AckFrame();
  received.describe(0, ack);
  return [ack.hasEcn, ack.ect0Count, ack.ect1Count, ack.ceCount];
}

describe('ReceivedPackets', () => {
  it('[EC-1] counts the marks that packets came with, and says nothing of ECN while there are none', () => {
    const received = new ReceivedPackets();
    received.onPacket(0, 0, true, Ecn.NotCapable);
    expect(countsOf(received)).toEqual([false, 0, 0, 0]);
    const marks = [Ecn.Ect0, Ecn.Ect0, Ecn.Ect1, Ecn.Ce, Ecn.Ect0];
    marks.forEach((ecn, i) => {
      received.onPacket(0, i + 1, i !== 0, ecn);
    });
    expect(countsOf(received)).toEqual([true, 3, 1, 1]);
  });

  it('[RC-2] owes an ACK at once when congestion begins to show, not for each mark', () => {
    const received = new ReceivedPackets();
    received.onAckFrequency(0, 100, 20_000);
    received.onPacket(0, 0, true, Ecn.Ect0);
    expect(received.ackDueUs).toBe(20_000);
    received.onPacket(10, 1, true, Ecn.Ce);
    expect(received.ackDueUs).toBe(10);
    received.onAckSent();
    received.onPacket(20, 2, true, Ecn.Ce);
    expect(received.ackDueUs).toBe(20_020);
  });

  it('[RC-2] owes an ACK after two packets or 5 ms by itself', () => {
    const received = new ReceivedPackets();
    received.onPacket(1000, 0, true);
    expect(received.ackDueUs).toBe(6000);
    received.onPacket(2000, 1, true);
    expect(received.ackDueUs).toBe(2000);
    received.onAckSent();
    expect(received.ackDueUs).toBe(Number.POSITIVE_INFINITY);
  });

  it('[RC-2] keeps to the threshold and delay that the peer asked for last', () => {
    const received = new ReceivedPackets();
    received.onAckFrequency(5, 4, 20_000);
    received.onAckFrequency(4, 100, 1);
    for (let number = 0; number < 3; number++) received.onPacket(0, number, true);
    expect(received.ackDueUs).toBe(20_000);
    received.onPacket(10, 3, true);
    expect(received.ackDueUs).toBe(10);
  });

  it('[RC-2] owes an ACK at once when a gap appears', () => {
    const received = new ReceivedPackets();
    received.onAckFrequency(1, 1000, 1_000_000);
    received.onPacket(0, 0, true);
    received.onPacket(5, 2, true);
    expect(received.ackDueUs).toBe(5);
    expect(describeAck(received).ranges).toEqual([
      [2, 2],
      [0, 0],
    ]);
  });

  it('owes nothing for packets that ask for nothing', () => {
    const received = new ReceivedPackets();
    for (let number = 0; number < 10; number++) received.onPacket(0, number, false);
    expect([received.ackDueUs, received.isAckOwed]).toEqual([Number.POSITIVE_INFINITY, false]);
  });

  it('tells how long the largest packet waited', () => {
    const received = new ReceivedPackets();
    received.onPacket(1000, 7, true);
    received.onPacket(1500, 3, true);
    expect(describeAck(received, 4000).delayUs).toBe(3000);
  });

  it('[RC-3] tells when the largest packet came, whatever came behind it, modulo 2^30 µs', () => {
    const received = new ReceivedPackets();
    received.onPacket(1000.7, 7, true);
    received.onPacket(1500, 3, true);
    expect(describeAck(received, 4000).arrivalUs).toBe(1000);
    received.onPacket(2 ** 30 + 5000.2, 8, true);
    expect(describeAck(received, 2 ** 30 + 9000).arrivalUs).toBe(5000);
  });

  it('keeps the newest 64 ranges', () => {
    const received = new ReceivedPackets();
    for (let number = 0; number < 400; number += 2) received.onPacket(0, number, true);
    const { ranges } = describeAck(received);
    expect(ranges).toHaveLength(64);
    expect(ranges[0]).toEqual([398, 398]);
    expect(ranges[63]).toEqual([272, 272]);
  });

  it('forgets what an acknowledged ACK told, but never the newest packet', () => {
    const received = new ReceivedPackets();
    for (const number of [0, 1, 2, 5, 6, 9]) received.onPacket(0, number, true);
    received.onAckAcked(5);
    expect(describeAck(received).ranges).toEqual([
      [9, 9],
      [6, 6],
    ]);
    received.onAckAcked(9);
    expect(describeAck(received).ranges).toEqual([[9, 9]]);
  });

  it('acknowledges just what arrived, in any order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(100), { minLength: 1, maxLength: 60 }), (numbers) => {
        const received = new ReceivedPackets();
        for (const number of numbers) received.onPacket(0, number, true);
        const told = describeAck(received).ranges.flatMap(([smallest, largest]) =>
          Array.from({ length: largest! - smallest! + 1 }, (_, i) => smallest! + i),
        );
        expect(told.sort((a, b) => a - b)).toEqual([...numbers].sort((a, b) => a - b));
      }),
    );
  });
});
