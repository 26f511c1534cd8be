import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathMtu } from './path-mtu.ts';

const RTT_US = 100_000;
/** Delivered before: enough for any probe. */
const MUCH = 1e9;

/** Runs the search over a path that takes datagrams up to `pathBytes`. @returns number of probes */
function search(mtu: PathMtu, pathBytes: number, nowUs = 0): number {
  for (let probes = 0; probes < 200; probes++) {
    const bytes = mtu.probeBytesDue(nowUs, MUCH);
    if (bytes === 0) return probes;
    mtu.onProbeSent(bytes);
    if (bytes <= pathBytes) mtu.onProbeAcked(bytes);
    else mtu.onProbeLost(bytes);
  }
  throw new Error('the search does not end');
}

describe('PathMtu', () => {
  it('[PM-1] begins with 1,200 bytes and finds what the path takes', () => {
    for (const pathBytes of [1200, 1372, 1400, 1452, 1472, 8972, 16_384, 65_507]) {
      const mtu = new PathMtu(65_507);
      expect(mtu.datagramBytes).toBe(1200);
      search(mtu, pathBytes);
      expect(mtu.datagramBytes).toBe(pathBytes);
    }
  });

  it('[PM-1] finds any size to within 40 bytes, in a bounded number of probes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1200, max: 65_507 }),
        fc.integer({ min: 1200, max: 65_507 }),
        (limit, path) => {
          const mtu = new PathMtu(limit);
          expect(search(mtu, path)).toBeLessThan(80);
          const best = Math.min(limit, path);
          expect(mtu.datagramBytes).toBeLessThanOrEqual(best);
          expect(mtu.datagramBytes).toBeGreaterThanOrEqual(best - 41);
        },
      ),
    );
  });

  it('finds Ethernet with one probe when it may go no further', () => {
    const mtu = new PathMtu(1472);
    expect(search(mtu, 1472)).toBe(1);
  });

  it('tries nothing above what the peer takes', () => {
    const mtu = new PathMtu(1200);
    expect([mtu.probeUs(MUCH), mtu.probeBytesDue(1e12, MUCH)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it('grows beyond Ethernet only when so much was delivered that a probe in vain hardly counts', () => {
    const mtu = new PathMtu(32_768);
    expect(mtu.probeBytesDue(0, 0)).toBe(1472);
    mtu.onProbeSent(1472);
    mtu.onProbeAcked(1472);
    expect([mtu.probeUs(2_000_000), mtu.probeBytesDue(1, 2_000_000)]).toEqual([Number.POSITIVE_INFINITY, 0]);
    expect([mtu.probeUs(2_100_000), mtu.probeBytesDue(1, 2_100_000)]).toEqual([0, 32_768]);
  });

  it('grows to what loopback takes in two probes, to what a jumbo path takes in two', () => {
    for (const limit of [32_768, 8972]) {
      const mtu = new PathMtu(limit);
      expect(search(mtu, limit)).toBe(2);
      expect(mtu.datagramBytes).toBe(limit);
    }
  });

  it('has one probe in flight at a time', () => {
    const mtu = new PathMtu(1472);
    mtu.onProbeSent(mtu.probeBytesDue(0, MUCH));
    expect([mtu.probeUs(MUCH), mtu.probeBytesDue(1e12, MUCH)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it('tries a size three times before it gives it up', () => {
    const mtu = new PathMtu(1472);
    const tried: number[] = [];
    for (let i = 0; i < 6; i++) {
      const bytes = mtu.probeBytesDue(0, MUCH);
      tried.push(bytes);
      mtu.onProbeSent(bytes);
      mtu.onProbeLost(bytes);
    }
    expect(tried).toEqual([1472, 1472, 1472, 1452, 1452, 1452]);
  });

  it('looks again after ten minutes whether the path takes more', () => {
    const mtu = new PathMtu(1472);
    search(mtu, 1400);
    expect(mtu.probeBytesDue(599e6, MUCH)).toBe(0);
    search(mtu, 1472, 601e6);
    expect(mtu.datagramBytes).toBe(1472);
  });

  it('[PM-1] falls back to 1,200 bytes in a black hole and finds the smaller size', () => {
    const mtu = new PathMtu(1472);
    search(mtu, 1472);
    mtu.onPacketAcked(10, 1472);
    const fell = [0, 10_000, 20_000, RTT_US].map((sentUs, i) =>
      mtu.onPacketLost(150_000, 11 + i, 1472, sentUs, RTT_US),
    );
    expect(fell).toEqual([false, false, false, true]);
    expect(mtu.datagramBytes).toBe(1200);
    search(mtu, 1400, 150_000);
    expect(mtu.datagramBytes).toBe(1400);
  });

  it('waits a minute after a second black hole', () => {
    const mtu = new PathMtu(1472);
    for (const nowUs of [0, 10e6]) {
      search(mtu, 1472, nowUs);
      for (let i = 0; i < 4; i++) mtu.onPacketLost(nowUs, 100 + i, 1472, nowUs + i * RTT_US, RTT_US);
    }
    expect(mtu.probeBytesDue(60e6, MUCH)).toBe(0);
    expect(mtu.probeBytesDue(71e6, MUCH)).toBe(1472);
  });

  it('sees no black hole when large packets sent later arrive, or when small ones are lost', () => {
    const mtu = new PathMtu(1472);
    search(mtu, 1472);
    mtu.onPacketAcked(100, 1472);
    for (let i = 0; i < 50; i++) expect(mtu.onPacketLost(0, i, 1472, i * RTT_US, RTT_US)).toBe(false);
    for (let i = 200; i < 250; i++) expect(mtu.onPacketLost(0, i, 1200, i * RTT_US, RTT_US)).toBe(false);
    for (let i = 300; i < 400; i += 3) {
      for (const number of [i, i + 1]) {
        expect(mtu.onPacketLost(0, number, 1472, number * RTT_US, RTT_US)).toBe(false);
      }
      mtu.onPacketAcked(i + 2, 1472);
    }
  });

  it('sees no black hole when a full queue drops a burst of large packets', () => {
    const mtu = new PathMtu(1472);
    search(mtu, 1472);
    for (let i = 0; i < 100; i++) expect(mtu.onPacketLost(0, i, 1472, i * 100, RTT_US)).toBe(false);
  });
});
