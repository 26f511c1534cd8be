import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KnownPath } from '../contract.ts';
import { PATH_LIFETIME_MS } from './known-path.ts';
import { PathCache } from './path-cache.ts';

const PEER = { address: '192.0.2.1', port: 4000 };
const SEEN = { minRttUs: 100_000, rateBytesPerSecond: 6e7 };

function cacheAt(clock: { nowMs: number }, maxNetworks?: number) {
  const told: KnownPath[] = [];
  const options = { nowMs: () => clock.nowMs, onSeen: (path: KnownPath) => told.push(path) };
  return { told, cache: new PathCache({ ...options, ...(maxNetworks && { maxNetworks }) }) };
}

describe('what a lane knows of paths', () => {
  it('is what the last connection to that network has seen, and is told to the others', () => {
    const clock = { nowMs: 1.8e12 };
    const { cache, told } = cacheAt(clock);
    expect(cache.recall(PEER)).toBeUndefined();
    cache.remember(PEER, { minRttUs: 1, rateBytesPerSecond: 1 });
    cache.remember(PEER, SEEN);
    expect(cache.recall({ ...PEER, port: 9 })).toEqual(SEEN);
    expect(cache.recall({ ...PEER, address: '192.0.2.2' })).toBeUndefined();
    expect(told.at(-1)).toEqual({ network: '192.0.2.1', ...SEEN, seenAtMs: clock.nowMs });
  });

  it('holds for all of an IPv6 /64, where one machine has many addresses', () => {
    const { cache } = cacheAt({ nowMs: 1.8e12 });
    cache.remember({ address: '2001:db8::1', port: 1 }, SEEN);
    expect(cache.recall({ address: '2001:db8::2:3', port: 1 })).toEqual(SEEN);
    expect(cache.recall({ address: '2001:db8:0:1::1', port: 1 })).toBeUndefined();
  });

  it('is told to one of the connections that begin together', () => {
    const clock = { nowMs: 1.8e12 };
    const { cache } = cacheAt(clock);
    cache.remember(PEER, SEEN);
    expect([cache.recall(PEER), cache.recall(PEER)]).toEqual([SEEN, undefined]);
    clock.nowMs += 3_000;
    expect(cache.recall(PEER)).toEqual(SEEN);
    clock.nowMs -= 1_000_000; // a clock set back
    cache.remember(PEER, SEEN);
    expect(cache.recall(PEER)).toEqual(SEEN);
  });

  it('is learnt from others unless it knows better, and never when it is no path', () => {
    const clock = { nowMs: 1.8e12 };
    const { cache, told } = cacheAt(clock);
    const path = { network: PEER.address, ...SEEN, seenAtMs: clock.nowMs };
    cache.learn({ ...path, rateBytesPerSecond: Number.NaN });
    expect(cache.recall(PEER)).toBeUndefined();
    cache.learn(path);
    cache.learn({ ...path, rateBytesPerSecond: 1, seenAtMs: clock.nowMs - 1 });
    expect(cache.recall(PEER)).toEqual(SEEN);
    expect(told).toEqual([]);
  });

  it('is forgotten after two days', () => {
    const clock = { nowMs: 1.8e12 };
    const { cache } = cacheAt(clock);
    cache.remember(PEER, SEEN);
    clock.nowMs += PATH_LIFETIME_MS;
    expect(cache.recall(PEER)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('never has more networks than it may, and forgets the one used least recently', () => {
    const step = fc.record({ use: fc.boolean(), host: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = { nowMs: 1.8e12 };
        const { cache } = cacheAt(clock, 3);
        const recent: number[] = [];
        for (const { use, host } of steps) {
          clock.nowMs += 3_000;
          const peer = { address: `192.0.2.${host}`, port: 1 };
          const at = recent.indexOf(host);
          if (use) expect(cache.recall(peer) !== undefined).toBe(at >= 0);
          else cache.remember(peer, SEEN);
          if (at >= 0) recent.splice(at, 1);
          if (at >= 0 || !use) recent.push(host);
          if (recent.length > 3) recent.shift();
          expect(cache.size).toBe(recent.length);
        }
      }),
    );
  });
});
