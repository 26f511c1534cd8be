import { describe, expect, it } from 'vitest';
import { goodputSeries, measureSteady } from '../testing/measure.ts';
import { simulatePath } from '../testing/path.ts';
import { ungatedBbr } from '../testing/ungated-bbr.ts';

describe('BBR under random loss', () => {
  const cells = [20, 100, 200, 300].flatMap((rttMs) =>
    [0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1].map((loss) => ({ rttMs, loss })),
  );

  it.each(cells)(
    'delivers 96 % of what the line leaves at $rttMs ms and $loss, without a queue',
    ({ rttMs, loss }) => {
      const steady = measureSteady({ mbitPerSecond: 50, rttMs, loss }, 10, 10);
      expect(steady.goodput).toBeGreaterThan(0.96 * (1 - loss));
      expect(steady.lossRate).toBeLessThan(loss * 1.1 + 0.005);
      expect(steady.queueP95Bdp).toBeLessThan(0.3);
    },
  );

  it('makes up for 2 % of loss, so that cruising delivers what the path was seen to deliver', () => {
    const steady = measureSteady({ mbitPerSecond: 50, rttMs: 100, loss: 0.02 }, 10, 20);
    expect(steady.goodput).toBeGreaterThan(0.985);
    expect(steady.queueP95Bdp).toBeLessThan(0.3);
  });

  it('uses 85 % of 1 Gbit/s × 300 ms × 5 % after start-up', () => {
    const steady = measureSteady({ mbitPerSecond: 1_000, rttMs: 300, loss: 0.05 }, 8, 5);
    expect(steady.goodput).toBeGreaterThan(0.9);
  });

  it('uses 90 % of 10 Gbit/s × 300 ms × 0.1 % after start-up', () => {
    const path = { mbitPerSecond: 10_000, rttMs: 300, loss: 0.001, datagramBytes: 9_000 };
    expect(measureSteady(path, 8, 4).goodput).toBeGreaterThan(0.95);
  });

  it('owes that to the gate: with every loss counted, 5 % leave less than a fifth', () => {
    const path = { mbitPerSecond: 50, rttMs: 100, loss: 0.05, controllers: [ungatedBbr] };
    expect(measureSteady(path, 10, 20).goodput).toBeLessThan(0.2);
  });

  it('stands jitter together with loss', () => {
    const path = {
      mbitPerSecond: 50,
      rttMs: 40,
      bufferBdp: 2,
      loss: 0.02,
      sender: () => ({ jitterUs: 10_000 }),
    };
    expect(measureSteady(path, 10, 20).goodput).toBeGreaterThan(0.85);
  });

  it.each([0.3, 0.5])('backs off to a trickle at %d and is back within five seconds of its end', (loss) => {
    const well = 20e6;
    const path = simulatePath({
      mbitPerSecond: 50,
      rttMs: 50,
      link: { lossProbability: (nowUs) => (nowUs > 5e6 && nowUs < well ? loss : 0) },
    });
    path.simulation.run(10e6);
    const sent = path.sender.sentBytes;
    path.simulation.run(well);
    expect((path.sender.sentBytes - sent) / 10 / path.bytesPerSecond).toBeLessThan(0.05);
    expect(goodputSeries(path, 26, 1).at(-1)).toBeGreaterThan(0.95);
  });
});

describe('CUBIC under random loss', () => {
  it('is as slow as its formula says: 1.17 × (RTT / p³)^¼ datagrams a round trip (RFC 9438 §5.1), or Reno', () => {
    const [loss, rttMs] = [0.01, 100];
    const steady = measureSteady({ mbitPerSecond: 50, rttMs, loss, controllers: ['cubic'] }, 10, 50);
    const datagramsPerRoundTrip = (steady.goodput * 50e6 * rttMs) / 1_000 / 8 / 1_400;
    expect(datagramsPerRoundTrip).toBeGreaterThan(8);
    expect(datagramsPerRoundTrip).toBeLessThan(25);
  });
});
