import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INITIAL_RTT_US, MAX_RTT_US, RttEstimator } from './rtt-estimator.ts';

const MAX_ACK_DELAY_US = 25_000;

describe('RttEstimator', () => {
  it('takes the first sample as it is (RFC 9002 §5.3)', () => {
    const rtt = new RttEstimator();
    rtt.onSample(100_000, 20_000, MAX_ACK_DELAY_US);
    expect(rtt).toMatchObject({
      latestUs: 100_000,
      minUs: 100_000,
      smoothedUs: 100_000,
      varianceUs: 50_000,
      hasSample: true,
    });
  });

  it('subtracts the delay that the peer admits, up to what it was asked to keep', () => {
    const rtt = new RttEstimator();
    rtt.onSample(100_000, 0, MAX_ACK_DELAY_US);
    rtt.onSample(180_000, 50_000, MAX_ACK_DELAY_US);
    // 180 - 25 = 155; an eighth of the way from 100.
    expect(rtt.smoothedUs).toBeCloseTo(100_000 + 55_000 / 8);
    expect(rtt.latestUs).toBe(180_000);
  });

  it('does not let an admitted delay push a sample below the minimum', () => {
    const rtt = new RttEstimator();
    rtt.onSample(100_000, 0, MAX_ACK_DELAY_US);
    rtt.onSample(110_000, 20_000, MAX_ACK_DELAY_US);
    expect(rtt.smoothedUs).toBeCloseTo(100_000 + 10_000 / 8);
  });

  it('follows the variance by a quarter', () => {
    const rtt = new RttEstimator();
    rtt.onSample(100_000, 0, 0);
    rtt.onSample(140_000, 0, 0);
    expect(rtt.varianceUs).toBeCloseTo(50_000 + (40_000 - 50_000) / 4);
  });

  it('gives a probe timeout from the assumed RTT before the first sample and from the measured one after', () => {
    const rtt = new RttEstimator();
    expect(rtt.probeTimeoutUs(MAX_ACK_DELAY_US)).toBe(2 * INITIAL_RTT_US + MAX_ACK_DELAY_US);
    rtt.onSample(100_000, 0, 0);
    expect(rtt.probeTimeoutUs(MAX_ACK_DELAY_US)).toBe(100_000 + 4 * 50_000 + MAX_ACK_DELAY_US);
    expect(rtt.persistentCongestionUs(0)).toBe(3 * 300_000);
    expect(rtt.lossDelayUs()).toBe(112_500);
  });

  it('waits at least the timer granularity beyond a steady RTT', () => {
    const rtt = new RttEstimator();
    for (let sample = 0; sample < 200; sample++) rtt.onSample(500, 0, 0);
    expect(rtt.probeTimeoutUs(0)).toBeCloseTo(1_500, 0);
    expect(rtt.lossDelayUs()).toBe(1_000);
  });

  it('forgets everything for a new path', () => {
    const rtt = new RttEstimator();
    rtt.onSample(100_000, 0, 0);
    rtt.reset();
    expect(rtt).toMatchObject({ latestUs: 0, minUs: 0, smoothedUs: 0, varianceUs: 0, hasSample: false });
  });

  it('stays finite, positive and within its bound whatever it is told', () => {
    const anything = fc.oneof(fc.double(), fc.integer({ min: -10, max: 10_000_000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(anything, anything)), (samples) => {
        const rtt = new RttEstimator();
        for (const [sampleUs, delayUs] of samples) rtt.onSample(sampleUs, delayUs, MAX_ACK_DELAY_US);
        for (const value of [rtt.latestUs, rtt.minUs, rtt.smoothedUs, rtt.varianceUs]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(MAX_RTT_US);
        }
        expect(rtt.probeTimeoutUs(MAX_ACK_DELAY_US)).toBeGreaterThan(0);
      }),
    );
  });
});
