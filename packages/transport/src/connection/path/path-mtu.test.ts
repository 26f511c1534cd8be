import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathMtu } from './path-mtu.ts';

/** Runs the search over a path that takes datagrams up to `pathBytes`. @returns number of probes */
function search(mtu: PathMtu, pathBytes: number, nowUs = 0): number {
  for (let probes = 0; probes < 200; probes++) {
    const bytes = mtu.probeBytesDue(nowUs);
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
    expect([mtu.probeUs, mtu.probeBytesDue(1e12)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it('has one probe in flight at a time', () => {
    const mtu = new PathMtu(1472);
    mtu.onProbeSent(mtu.probeBytesDue(0));
    expect([mtu.probeUs, mtu.probeBytesDue(1e12)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it('tries a size three times before it gives it up', () => {
    const mtu = new PathMtu(1472);
    const tried: number[] = [];
    for (let i = 0; i < 6; i++) {
      const bytes = mtu.probeBytesDue(0);
      tried.push(bytes);
      mtu.onProbeSent(bytes);
      mtu.onProbeLost(bytes);
    }
    expect(tried).toEqual([1472, 1472, 1472, 1452, 1452, 1452]);
  });

  it('looks again after ten minutes whether the path takes more', () => {
    const mtu = new PathMtu(1472);
    search(mtu, 1400);
    expect(mtu.probeBytesDue(599e6)).toBe(0);
    search(mtu, 1472, 601e6);
    expect(mtu.datagramBytes).toBe(1472);
  });

  it('[PM-1] falls back to 1,200 bytes in a black hole and finds the smaller size', () => {
    const mtu = new PathMtu(1472);
    search(mtu, 1472);
    mtu.onPacketAcked(10, 1472);
    const fell = [11, 12, 13].map((number) => mtu.onPacketLost(1000, number, 1472));
    expect(fell).toEqual([false, false, true]);
    expect(mtu.datagramBytes).toBe(1200);
    search(mtu, 1400, 1000);
    expect(mtu.datagramBytes).toBe(1400);
  });

  it('waits a minute after a second black hole', () => {
    const mtu = new PathMtu(1472);
    for (const nowUs of [0, 10e6]) {
      search(mtu, 1472, nowUs);
      for (let number = 0; number < 3; number++) mtu.onPacketLost(nowUs, 100 + number, 1472);
    }
    expect(mtu.probeBytesDue(60e6)).toBe(0);
    expect(mtu.probeBytesDue(71e6)).toBe(1472);
  });

  it('sees no black hole while large packets sent later arrive, or when small ones are lost', () => {
    const mtu = new PathMtu(1472);
    search(mtu, 1472);
    mtu.onPacketAcked(100, 1472);
    for (let number = 0; number < 50; number++) expect(mtu.onPacketLost(0, number, 1472)).toBe(false);
    for (let number = 200; number < 250; number++) expect(mtu.onPacketLost(0, number, 1200)).toBe(false);
  });
});
