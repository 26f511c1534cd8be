import type { RatePolicy } from '@jetstream/congestion';
import { describe, expect, it } from 'vitest';
import { BulkSink, BulkSource, drain, fullBlocks } from '../testing/bulk-applications.ts';
import { type ConnectedPair, connectedPair } from '../testing/connected-pair.ts';
import { CountingPool } from '../testing/counting-pool.ts';
import { VirtualPath } from '../testing/virtual-path.ts';

const MBIT = 125_000;

const fixed = (mbit: number): RatePolicy => ({ policy: 'fixed', targetBytesPerSecond: mbit * MBIT });

/** An upload over 50 Mbit/s, 40 ms, that has more to send than there is time for. */
function upload(settings: { ratePolicy?: RatePolicy; congestion?: 'bbr' | 'cubic' } = {}) {
  const pair: ConnectedPair = connectedPair({ serverPool: new CountingPool(64), settings });
  const path = new VirtualPath(pair, {
    rateBytesPerSecond: 50 * MBIT,
    delayUs: 20_000,
    queueBytes: 500_000,
  });
  const lengths = fullBlocks(200);
  const source = new BulkSource(pair.client, 1, lengths);
  const sink = new BulkSink(pair.server, 1, lengths);
  path.onStep = () => {
    drain(pair.client, source);
    drain(pair.server, sink);
  };
  /** Mbit/s sent in so many seconds from now on, after one second of getting used to things. */
  const rate = (seconds: number): number => {
    path.run(() => false, 1e6);
    const { bytesSent } = pair.client.stats();
    path.run(() => false, seconds * 1e6);
    return (pair.client.stats().bytesSent - bytesSent) / seconds / MBIT;
  };
  return { pair, path, rate };
}

describe('setRatePolicy', () => {
  it('is that of the endpoint first, fair by default, and the statistics tell', () => {
    expect(upload().pair.client.stats().ratePolicy).toBe('fair');
    const { pair } = upload({ ratePolicy: { policy: 'low' } });
    expect(pair.client.stats()).toMatchObject({ ratePolicy: 'low', controllerPhase: 'slow-start' });
  });

  it.each(['bbr', 'cubic'] as const)('changes the rate of a transfer that runs (%s)', (congestion) => {
    const { pair, path, rate } = upload({ congestion });
    expect(rate(2)).toBeGreaterThan(45);
    const steps: [RatePolicy, number, number][] = [
      [fixed(20), 19, 21],
      [{ policy: 'high', capBytesPerSecond: 10 * MBIT }, 9, 11],
      [{ policy: 'low' }, 30, 52],
      [{ policy: 'fair', capBytesPerSecond: 30 * MBIT }, 27, 31],
      [{ policy: 'fair' }, 43, 52],
    ];
    for (const [policy, least, most] of steps) {
      pair.client.setRatePolicy(path.nowUs, policy);
      const mbit = rate(2);
      expect(pair.client.stats().ratePolicy).toBe(policy.policy);
      expect(mbit, JSON.stringify(policy)).toBeGreaterThan(least);
      expect(mbit, JSON.stringify(policy)).toBeLessThan(most);
    }
    expect(pair.client.stats().packetsLost / pair.client.stats().packetsSent).toBeLessThan(0.02);
  });

  it('[RP-5] stays below the cap of the connection, whatever the policy', () => {
    const { pair, path, rate } = upload({ ratePolicy: fixed(40) });
    pair.client.setRateCap(path.nowUs, 10 * MBIT);
    expect(rate(2)).toBeLessThan(10.5);
    pair.client.setRatePolicy(path.nowUs, { policy: 'fair', minimumBytesPerSecond: 30 * MBIT });
    expect(rate(2)).toBeLessThan(10.5);
    pair.client.setRateCap(path.nowUs, Number.POSITIVE_INFINITY);
    expect(rate(2)).toBeGreaterThan(43);
  });

  it('refuses a policy that cannot be, and keeps the one in force', () => {
    const { pair } = upload();
    const refused = expect.objectContaining({ code: 'invalid-argument' });
    expect(() => pair.client.setRatePolicy(0, { policy: 'fixed' })).toThrow(refused);
    expect(pair.client.stats().ratePolicy).toBe('fair');
    expect(() => upload({ ratePolicy: { policy: 'fair', capBytesPerSecond: 1 } })).toThrow(refused);
  });
});
