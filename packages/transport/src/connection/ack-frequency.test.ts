import { describe, expect, it } from 'vitest';
import { AckFrequency } from './ack-frequency.ts';

describe('AckFrequency', () => {
  it('asks for few ACKs at a high rate and for small delays on short paths', () => {
    const frequency = new AckFrequency(2, 5000);
    frequency.update(100_000, 6_000_000, 1472);
    expect([frequency.packetThreshold, frequency.maxDelayUs]).toEqual([64, 12_500]);
    frequency.update(400, 1_000_000, 1472);
    expect([frequency.packetThreshold, frequency.maxDelayUs]).toEqual([64, 1000]);
    frequency.update(600_000, 30_000, 1472);
    expect([frequency.packetThreshold, frequency.maxDelayUs]).toEqual([2, 25_000]);
  });

  it('leaves at least four ACKs in a round trip of more than a few packets', () => {
    for (let packets = 8; packets < 2000; packets++) {
      const frequency = new AckFrequency(1, 5000);
      frequency.update(50_000, packets * 1472, 1472);
      expect(packets / frequency.packetThreshold).toBeGreaterThanOrEqual(4);
    }
  });

  it('sends no frame for a small change', () => {
    const frequency = new AckFrequency(2, 5000);
    frequency.update(80_000, 400_000, 1472);
    expect(frequency.isDue).toBe(true);
    frequency.onSent();
    frequency.update(85_000, 430_000, 1472);
    expect(frequency.isDue).toBe(false);
  });

  it('[FR-5] repeats the newest frame when it is lost, and no older one', () => {
    const frequency = new AckFrequency(2, 5000);
    frequency.update(80_000, 400_000, 1472);
    frequency.onSent();
    frequency.update(800_000, 4_000_000, 1472);
    frequency.onSent();
    frequency.onLost(1);
    expect(frequency.isDue).toBe(false);
    frequency.onLost(2);
    expect(frequency.isDue).toBe(true);
  });
});
