import { describe, expect, it } from 'vitest';
import { ContentKind } from './sent-content.ts';
import { PacketState, SentPackets } from './sent-packets.ts';

function addInFlight(sent: SentPackets, count: number, sentUs = 0): void {
  for (let i = 0; i < count; i++) {
    const start = sent.content.end;
    sent.content.add(ContentKind.Data, 1, sent.nextNumber * 1000, 1000);
    sent.add(sentUs, 1200, start, PacketState.InFlight);
  }
}

function settle(sent: SentPackets, number: number): void {
  sent.setState(number, PacketState.Acked);
  sent.settled.insert(number, number + 1);
}

describe('SentPackets', () => {
  it('[PK-1] gives every number once', () => {
    const sent = new SentPackets();
    const numbers = Array.from({ length: 1000 }, () => {
      const number = sent.nextNumber;
      sent.add(0, 50, 0, number % 3 === 0 ? 0 : PacketState.InFlight);
      return number;
    });
    expect(new Set(numbers).size).toBe(1000);
    expect(sent.nextNumber).toBe(1000);
  });

  it('keeps packets and their content through growth', () => {
    const sent = new SentPackets();
    addInFlight(sent, 5000, 42);
    for (const number of [0, 1, 255, 256, 4999]) {
      expect([sent.sentUs(number), sent.bytes(number)]).toEqual([42, 1200]);
      const index = sent.contentStart(number);
      expect(sent.contentEnd(number)).toBe(index + 1);
      expect(sent.content.offsetOf(index)).toBe(number * 1000);
    }
  });

  it('forgets from the oldest on, and lost packets only when they can hardly come any more', () => {
    const sent = new SentPackets();
    addInFlight(sent, 4, 100);
    for (const number of [0, 2]) settle(sent, number);
    sent.setState(1, PacketState.Lost);
    sent.releaseSettled(50);
    expect(sent.firstNumber).toBe(1);
    sent.releaseSettled(101);
    expect(sent.firstNumber).toBe(3);
    expect(sent.content.offsetOf(sent.contentStart(3))).toBe(3000);
  });

  it('does not grow over a long run', () => {
    const sent = new SentPackets();
    for (let round = 0; round < 20_000; round++) {
      addInFlight(sent, 10, round);
      for (let i = 10; i > 0; i--) settle(sent, sent.nextNumber - i);
      sent.releaseSettled(round);
    }
    expect([sent.capacity, sent.content.capacity]).toEqual([256, 256]);
    expect(sent.settled.rangeCount).toBeLessThanOrEqual(1);
  });

  it('does not grow by packets that ask for no acknowledgement', () => {
    const sent = new SentPackets();
    for (let i = 0; i < 100_000; i++) sent.add(i, 40, sent.content.end, 0);
    expect(sent.capacity).toBe(256);
  });
});
