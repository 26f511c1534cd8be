import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { AccountStanding } from './account-standing.ts';
import type { PamAnswer } from './pam/pam-question.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const REMOTE = '192.0.2.1';
const YES: PamAnswer = { accepted: true, reason: 'Success', isClosed: false, failDelayMs: 0 };
const no = (reason: string, isClosed = true) => ({ accepted: false, reason, isClosed, failDelayMs: 0 });
const unused = () => {
  throw new Error('is not needed');
};

function machine({ hasRules = true, actsAsOthers = true } = {}) {
  const directory = temporaryDirectory();
  if (hasRules) writeFileSync(join(directory, 'jetstream'), '');
  const pam = {
    answer: YES as PamAnswer | JetStreamError,
    asked: [] as (string | undefined)[][],
    isReady: false,
    async check(user: string, password: Uint8Array | undefined, remote: string | undefined) {
      expect(password).toBe(undefined);
      pam.asked.push([user, remote]);
      await null;
      if (pam.answer instanceof Error) throw pam.answer;
      return pam.answer;
    },
    prepare: () => {
      pam.isReady = true;
    },
    close: () => undefined,
  };
  const shadow = {
    says: undefined as string | undefined | JetStreamError,
    refusalOf: () => {
      if (shadow.says instanceof Error) throw shadow.says;
      return shadow.says;
    },
  };
  const clock = { ms: 0 };
  const standing = new AccountStanding({
    accounts: { currentUser: unused, lookUpAccount: unused, canActAsOthers: () => actsAsOthers },
    shadow,
    pam,
    pamDirectories: [join(directory, 'nowhere'), directory],
    nowMs: () => clock.ms,
  });
  const demand = () => standing.demandOpen({ name: 'ada' }, REMOTE);
  return { directory, pam, shadow, clock, standing, demand, of: () => standing.of('ada', REMOTE) };
}

const OPEN = { isOpen: true, reason: '', isClosed: false };

describe('the standing of an account', () => {
  it('is asked of PAM where that has rules for JetStream, and else of shadow(5) alone', async () => {
    const { pam, shadow, of, standing, directory } = machine({ hasRules: false });
    standing.prepare();
    expect([await of(), pam.asked, pam.isReady]).toEqual([OPEN, [], false]);
    shadow.says = 'it has expired';
    expect(await of()).toEqual({ isOpen: false, reason: 'it has expired', isClosed: true });
    shadow.says = undefined;
    writeFileSync(join(directory, 'jetstream'), '');
    standing.prepare();
    pam.answer = no('User account has expired');
    expect(await of()).toEqual({ isOpen: false, reason: 'PAM: User account has expired', isClosed: true });
    expect([pam.asked, pam.isReady]).toEqual([[['ada', REMOTE]], true]);
    expect(standing.closedByShadow('ada')).toBe(undefined);
  });

  it('is not asked by a server that acts as its own account alone', async () => {
    const { pam, shadow, of, standing, demand } = machine({ actsAsOthers: false });
    standing.prepare();
    shadow.says = 'it has expired';
    pam.answer = no('User account has expired');
    expect([await of(), pam.asked, pam.isReady, standing.closedByShadow('ada')]).toEqual([
      OPEN,
      [],
      false,
      undefined,
    ]);
    expect(await demand()).toEqual({ name: 'ada' });
  });

  it('lets nobody log in, and throws nobody out, for a moment that passes or a password to be changed', async () => {
    const { pam, of, demand } = machine();
    pam.answer = no('Authentication token is no longer valid; new one required', false);
    expect(await of()).toMatchObject({ isOpen: false, isClosed: false });
    await expect(demand()).rejects.toMatchObject({
      code: 'login-refused',
      message: expect.stringContaining('new one required'),
    });
  });

  it('lets nobody log in, and throws nobody out, while the system cannot say', async () => {
    const { pam, shadow, of, demand } = machine();
    const busy = new JetStreamError('limit-exceeded', 'too many wait');
    for (const answer of [{ unavailable: 'no libpam.so.0' }, busy, no('PAM took more than 8 s', false)]) {
      pam.answer = answer;
      expect(await of()).toMatchObject({ isOpen: false, isClosed: false });
      await expect(demand()).rejects.toThrow();
    }
    pam.answer = busy;
    await expect(demand()).rejects.toBe(busy);
    pam.answer = YES;
    expect(await of()).toEqual(OPEN);
    shadow.says = new JetStreamError('permission-denied', 'shadow cannot be read');
    expect(await of()).toMatchObject({
      isOpen: false,
      isClosed: false,
      reason: expect.stringContaining('shadow'),
    });
    await expect(demand()).rejects.toThrow('shadow cannot be read');
  });

  it('is asked of PAM once for all who ask at a time, and believed for 30 s, of that account and address alone', async () => {
    const { pam, shadow, clock, of, standing } = machine();
    expect(await Promise.all([of(), of(), of()])).toEqual([OPEN, OPEN, OPEN]);
    clock.ms = 29_999;
    pam.answer = no('User account has expired');
    expect(await of()).toEqual(OPEN);
    expect(pam.asked).toHaveLength(1);
    expect(await standing.of('ada', '192.0.2.2')).toMatchObject({ isClosed: true });
    expect(await standing.of('ada', undefined)).toMatchObject({ isClosed: true });
    expect(await standing.of('bob', REMOTE)).toMatchObject({ isClosed: true });
    clock.ms = 30_000;
    expect(await of()).toMatchObject({ isClosed: true });
    // What is refused is asked again each time.
    pam.answer = YES;
    expect(await of()).toEqual(OPEN);
    shadow.says = 'it has expired';
    expect(await of()).toMatchObject({ isClosed: true });
    expect(pam.asked.at(2)).toEqual(['ada', undefined]);
  });
});
