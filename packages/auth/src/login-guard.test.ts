import { JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { LoginGuard } from './login-guard.ts';

function guarded() {
  const clock = { ms: 0 };
  const waits: number[] = [];
  const guard = new LoginGuard({ nowMs: () => clock.ms, wait: async (ms) => waits.push(ms) });
  const fail = (remote: string, account: string, { tookMs = 0, heldMs = 0 } = {}) =>
    guard.guard({ remote, account, refusalStepMs: 2_000 }, async (holdRefusal) => {
      clock.ms += tookMs;
      holdRefusal(heldMs);
      throw new Error('no');
    });
  const succeed = (remote: string, account: string) =>
    guard.guard({ remote, account, refusalStepMs: 2_000 }, async () => 'in');
  return { clock, waits, guard, fail, succeed };
}

describe('the guard of logins', () => {
  it('[LG-7] tells a refusal at a whole multiple of its step after the attempt, and not before it is to be', async () => {
    const { fail, waits } = guarded();
    await fail('192.0.2.1', 'a');
    await fail('192.0.2.1', 'a', { tookMs: 30 });
    await fail('192.0.2.1', 'a', { tookMs: 2_001 });
    await fail('192.0.2.1', 'a', { tookMs: 10, heldMs: 4_669 });
    expect(waits).toEqual([2_000, 1_970, 1_999, 5_990]);
  });

  it('listens to no address after ten failures, and to no account after thirty, for a minute', async () => {
    const { fail, succeed, clock } = guarded();
    for (let i = 0; i < 30; i++)
      expect(await fail(`192.0.2.${Math.floor(i / 9)}`, 'a')).toMatchObject({ limited: false });
    expect(await succeed('192.0.2.99', 'a')).toMatchObject({ accepted: false, limited: true });
    expect(await succeed('192.0.2.99', 'b')).toEqual({ accepted: true, value: 'in' });
    await fail('192.0.2.0', 'c');
    expect(await succeed('192.0.2.0', 'd')).toMatchObject({ accepted: false, limited: true });
    clock.ms = 60_000;
    expect(await succeed('192.0.2.0', 'a')).toMatchObject({ accepted: true });
  });

  it('counts what was not looked at as no failure, and tells it at once', async () => {
    const { guard, succeed, waits } = guarded();
    for (let i = 0; i < 99; i++) {
      const outcome = await guard.guard({ remote: '::1', account: 'a', refusalStepMs: 250 }, async () => {
        throw new JetStreamError('limit-exceeded', 'too many wait');
      });
      expect(outcome).toEqual({ accepted: false, limited: true, reason: 'too many wait' });
    }
    expect(waits).toEqual([]);
    expect(await succeed('::1', 'a')).toMatchObject({ accepted: true });
  });
});
