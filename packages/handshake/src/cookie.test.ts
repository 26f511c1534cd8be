import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COOKIE_BYTES, COOKIE_LIFETIME_US, CookieJar } from './cookie.ts';

const subject = { address: '192.0.2.7', port: 4711, connectionId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };

describe('CookieJar', () => {
  it('[HS-5] knows its own cookie for 30 s', () => {
    const jar = newJar();
    const cookie = jar.issue(5e6, subject);
    expect(cookie).toHaveLength(COOKIE_BYTES);
    expect(jar.verify(5e6, cookie, subject)).toBe(true);
    expect(jar.verify(5e6 + COOKIE_LIFETIME_US, cookie, subject)).toBe(true);
    expect(jar.verify(5e6 + COOKIE_LIFETIME_US + 1000, cookie, subject)).toBe(false);
  });

  it('[HS-5] refuses a cookie of another address, port or connection id, and one from the future', () => {
    const jar = newJar();
    const cookie = jar.issue(5e6, subject);
    expect(jar.verify(5e6, cookie, { ...subject, address: '192.0.2.8' })).toBe(false);
    expect(jar.verify(5e6, cookie, { ...subject, port: 4712 })).toBe(false);
    expect(jar.verify(5e6, cookie, { ...subject, connectionId: new Uint8Array(8) })).toBe(false);
    expect(jar.verify(4e6, cookie, subject)).toBe(false);
  });

  it('[HS-5] refuses a cookie with any bit flipped, and one of any other length', () => {
    const jar = newJar();
    const cookie = jar.issue(40e6, subject);
    for (let bit = 0; bit < cookie.length * 8; bit++) {
      const forged = Uint8Array.from(cookie);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(jar.verify(40e6, forged, subject)).toBe(false);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(jar.verify(40e6, bytes, subject)).toBe(false);
      }),
    );
  });

  it('[HS-5] its secret is replaced, and cookies live on through that for their 30 s', () => {
    fc.assert(
      fc.property(fc.nat(200_000_000), fc.nat(60_000_000), (issuedUs, ageUs) => {
        const jar = newJar();
        const cookie = jar.issue(issuedUs, subject);
        const young = Math.floor((issuedUs + ageUs) / 1000) - Math.floor(issuedUs / 1000) <= 30_000;
        expect(jar.verify(issuedUs + ageUs, cookie, subject)).toBe(young);
      }),
    );
  });

  it('does not know the cookie of another jar', () => {
    const cookie = new CookieJar((length) => new Uint8Array(length)).issue(0, subject);
    expect(newJar().verify(0, cookie, subject)).toBe(false);
  });
});

/** Repeatable stand-in for strong random bytes: each call gives others. */
function newJar(): CookieJar {
  let calls = 0;
  return new CookieJar((length) =>
    createHash('sha256').update(`cookie ${calls++}`).digest().subarray(0, length),
  );
}
