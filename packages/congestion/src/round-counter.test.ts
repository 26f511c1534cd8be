import { describe, expect, it } from 'vitest';
import type { AckSample } from './controller.ts';
import { RoundCounter } from './round-counter.ts';

const ack = (priorDeliveredBytes: number, deliveredBytes: number, transmitBytesInFlight = 1): AckSample =>
  ({ priorDeliveredBytes, deliveredBytes, transmitBytesInFlight }) as AckSample;

describe('RoundCounter', () => {
  it('ends a round with the first packet that was sent after the round began', () => {
    const round = new RoundCounter();
    expect(round.onAck(ack(0, 10))).toBe(true);
    expect(round.onAck(ack(0, 20))).toBe(false);
    expect(round.onAck(ack(9, 30))).toBe(false);
    expect(round.onAck(ack(10, 40))).toBe(true);
    expect(round.count).toBe(2);
  });

  it('begins a round on request without counting one', () => {
    const round = new RoundCounter();
    round.onAck(ack(0, 10));
    round.startRound(100);
    expect(round.onAck(ack(50, 120))).toBe(false);
    expect(round.onAck(ack(100, 140))).toBe(true);
    expect(round.count).toBe(2);
  });

  it('is not moved by an ACK without a sample', () => {
    expect(new RoundCounter().onAck(ack(0, 10, 0))).toBe(false);
  });
});
