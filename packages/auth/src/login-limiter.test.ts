import { describe, expect, it } from 'vitest';
import { LoginLimiter } from './login-limiter.ts';

function failTimes(limiter: LoginLimiter, remote: string, times: number, nowMs: number): void {
  for (let i = 0; i < times; i++) limiter.failed(remote, nowMs);
}

describe('LoginLimiter', () => {
  it('blocks an address for 60 s at its tenth failure within 60 s, and no other address', () => {
    const limiter = new LoginLimiter();
    failTimes(limiter, '192.0.2.1', 9, 1_000);
    expect(limiter.isBlocked('192.0.2.1', 60_999)).toBe(false);
    limiter.failed('192.0.2.1', 60_999);
    expect(limiter.isBlocked('192.0.2.1', 60_999)).toBe(true);
    expect(limiter.isBlocked('192.0.2.1', 120_998)).toBe(true);
    expect(limiter.isBlocked('192.0.2.1', 120_999)).toBe(false);
    expect(limiter.isBlocked('192.0.2.2', 60_999)).toBe(false);
  });

  it('starts to count anew after 60 s', () => {
    const limiter = new LoginLimiter();
    failTimes(limiter, '192.0.2.1', 9, 0);
    failTimes(limiter, '192.0.2.1', 9, 60_000);
    expect(limiter.isBlocked('192.0.2.1', 60_000)).toBe(false);
  });

  it('forgets failures at a success', () => {
    const limiter = new LoginLimiter();
    failTimes(limiter, '192.0.2.1', 9, 0);
    limiter.succeeded('192.0.2.1');
    failTimes(limiter, '192.0.2.1', 9, 0);
    expect(limiter.isBlocked('192.0.2.1', 0)).toBe(false);
  });

  it.each([
    ['2001:db8:0:1::1', '2001:DB8:0:1:ffff:ffff:ffff:ffff', true],
    ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
    ['2001:db8::1', '2001:0db8:0:0::2', true],
    ['::1', '::2', true],
    ['::1:0:0:0:1', '::1', false],
    ['1::2:3:4:5:6:7', '1:0:2:3:aaaa::', true],
    ['fe80::1%eth0', 'fe80::2%eth1', true],
    ['64:ff9b::192.0.2.1', '64:ff9b::', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
  ])('counts %s and %s as one network: %s', (one, other, same) => {
    const limiter = new LoginLimiter();
    failTimes(limiter, one, 10, 0);
    expect(limiter.isBlocked(other, 0)).toBe(same);
  });

  it('remembers 4,096 addresses, forgetting the one that failed least recently', () => {
    const limiter = new LoginLimiter();
    failTimes(limiter, 'first', 10, 0);
    failTimes(limiter, 'second', 10, 0);
    for (let i = 0; i < 4_094; i++) limiter.failed(`address ${i}`, 0);
    limiter.failed('first', 0);
    limiter.failed('one more', 0);
    expect(limiter.size).toBe(4_096);
    expect(limiter.isBlocked('first', 0)).toBe(true);
    expect(limiter.isBlocked('second', 0)).toBe(false);
  });
});
