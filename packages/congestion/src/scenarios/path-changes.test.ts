import { describe, expect, it } from 'vitest';
import { goodputSeries, measureOutage, measureStep } from '../testing/measure.ts';
import { simulatePath } from '../testing/path.ts';

describe('BBR when the path changes', () => {
  it.each([1, 4])('finds ten times the rate within five seconds, buffer %d BDP', (bufferBdp) => {
    expect(measureStep({ mbitPerSecond: 20, rttMs: 100, bufferBdp }, 10).secondsToReach).toBeLessThan(5);
  });

  it.each([1, 4])('finds twice the rate within four seconds, buffer %d BDP', (bufferBdp) => {
    expect(measureStep({ mbitPerSecond: 20, rttMs: 100, bufferBdp }, 2).secondsToReach).toBeLessThan(4);
  });

  it('comes down to a tenth of the rate as fast as the queue it left can drain', () => {
    // What was in flight alone takes ten round trips (1 s) at the new rate, a BDP of queue as long again.
    expect(measureStep({ mbitPerSecond: 50, rttMs: 100, bufferBdp: 1 }, 0.1).secondsToSettle).toBeLessThan(2);
    expect(measureStep({ mbitPerSecond: 50, rttMs: 100, bufferBdp: 4 }, 0.1).secondsToSettle).toBeLessThan(3);
  });

  it('knows the new rate within a few round trips', () => {
    const rateSteps = [{ fromUs: 20e6, bytesPerSecond: 625_000 }];
    const { simulation, sender } = simulatePath({ mbitPerSecond: 50, rttMs: 100, link: { rateSteps } });
    simulation.run(20.8e6);
    expect(sender.controller.pacingRate).toBeLessThan(1.3 * 625_000);
  });

  it('comes down to half the rate within three seconds', () => {
    for (const bufferBdp of [1, 4])
      expect(measureStep({ mbitPerSecond: 50, rttMs: 100, bufferBdp }, 0.5).secondsToSettle).toBeLessThan(3);
  });

  it.each([
    { seconds: 1, rttMs: 20 },
    { seconds: 5, rttMs: 20 },
    { seconds: 1, rttMs: 100 },
    { seconds: 5, rttMs: 100 },
    { seconds: 5, rttMs: 300 },
  ])('is back at the rate of a $rttMs ms link at once after $seconds s of silence', ({ seconds, rttMs }) => {
    const healing = measureOutage({ mbitPerSecond: 50, rttMs }, seconds);
    expect(healing).toBeLessThan(0.2 + (5 * rttMs) / 1_000);
  });

  it('learns a longer RTT once its window of ten seconds has passed', () => {
    const path = simulatePath({
      mbitPerSecond: 50,
      rttMs: 50,
      bufferBdp: 2,
      sender: () => ({ extraDelayUs: (nowUs) => (nowUs > 10e6 ? 250_000 : 0) }),
    });
    path.simulation.run(25e6);
    expect(goodputSeries(path, 30, 5)[0]).toBeGreaterThan(0.9);
  });

  it('learns a shorter RTT by the ProbeRTT that follows', () => {
    const path = simulatePath({
      mbitPerSecond: 50,
      rttMs: 50,
      bufferBdp: 6,
      sender: () => ({ extraDelayUs: (nowUs) => (nowUs < 10e6 ? 250_000 : 0) }),
    });
    path.simulation.run(17e6);
    expect(path.simulation.bottleneck.queuedBytes(17e6)).toBeLessThan(0.5 * path.bdpBytes);
    expect(goodputSeries(path, 20, 5)[0]).toBeGreaterThan(0.96);
  });
});

describe('CUBIC when the path changes', () => {
  it.each([20, 100])('is back on a %d ms link within two seconds of the end of a silence', (rttMs) => {
    expect(measureOutage({ mbitPerSecond: 50, rttMs, controllers: ['cubic'] }, 5)).toBeLessThan(2);
  });
});
