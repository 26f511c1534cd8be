import { describe, expect, it } from 'vitest';
import type { PamHelper } from './pam-helper-process.ts';
import { PamHelpers } from './pam-helpers.ts';
import type { PamAnswer, PamQuestion } from './pam-question.ts';

const YES: PamAnswer = { accepted: true, reason: 'Success', isClosed: false, failDelayMs: 0 };
const bytes = (text = 'secret') => Buffer.from(text);

/** Helpers that answer when told to. */
class FakeHelpers {
  readonly asked: { question: PamQuestion; answer: (answer: PamAnswer) => void }[] = [];
  running = 0;
  started = 0;
  last: PamHelper | undefined;

  readonly start = (): PamHelper => {
    this.running++;
    this.started++;
    let end: (error: Error) => void = () => undefined;
    let isKilled = false;
    this.last = {
      get hasEnded() {
        return isKilled;
      },
      ask: (question) =>
        new Promise((resolve, reject) => {
          end = reject;
          this.asked.push({ question, answer: resolve });
        }),
      kill: () => {
        if (!isKilled) this.running--;
        isKilled = true;
        end(new Error('killed'));
      },
    };
    return this.last;
  };
}

function checkerOf(deadlineMs = 30_000) {
  const helpers = new FakeHelpers();
  const checker = new PamHelpers({ startHelper: helpers.start, deadlineMs });
  return { helpers, checker };
}

describe('the checker of passwords', () => {
  it('asks one helper after another question, and starts no more than it needs', async () => {
    const { helpers, checker } = checkerOf();
    for (const user of ['a', 'b', 'c']) {
      const answer = checker.check(user, bytes(), '192.0.2.1');
      const { question, answer: give } = helpers.asked.shift()!;
      expect(question).toMatchObject({ service: 'jetstream', user, remote: '192.0.2.1' });
      expect(Buffer.from(question.password!).toString()).toBe('secret');
      give(YES);
      expect(await answer).toEqual(YES);
    }
    expect(helpers.started).toBe(1);
    checker.close();
    expect(helpers.running).toBe(0);
  });

  it('has 4 helpers and 64 waiting for 1,000 attempts at once, and 16 of one address', async () => {
    const { helpers, checker } = checkerOf();
    const outcomes = Array.from({ length: 1_000 }, (_, i) =>
      checker.check('a', bytes(), `192.0.2.${i % 50}`).catch((error) => error.code as string),
    );
    const answerAll = async () => {
      let most = 0;
      for (let left = 68; left > 0; left--) {
        while (helpers.asked.length === 0) await Promise.resolve();
        most = Math.max(most, helpers.asked.length);
        helpers.asked.shift()!.answer(YES);
      }
      return most;
    };
    expect(await answerAll()).toBeLessThanOrEqual(4);
    const ended = await Promise.all(outcomes);
    expect(ended.filter((outcome) => outcome === YES).length).toBe(68);
    expect(ended.filter((outcome) => outcome === 'limit-exceeded').length).toBe(932);
    expect(helpers.started).toBe(4);

    const ofOne = Array.from({ length: 17 }, () => checker.check('a', bytes(), '2001:db8::1'));
    await expect(ofOne.at(-1)).rejects.toMatchObject({ code: 'limit-exceeded' });
    const other = checker.check('a', bytes(), '2001:db8:1::1');
    checker.close();
    for (const one of ofOne.slice(4, 16)) await expect(one).rejects.toMatchObject({ code: 'cancelled' });
    await expect(other).rejects.toMatchObject({ code: 'cancelled' });
    for (const one of ofOne.slice(0, 4)) expect(await one).toMatchObject({ accepted: false });
  });

  it('gives up a check that hangs, and the others go on', async () => {
    const { helpers, checker } = checkerOf(200);
    const hanging = checker.check('hangs', bytes(), '192.0.2.1');
    const other = checker.check('b', bytes(), '192.0.2.1');
    helpers.asked[1]!.answer(YES);
    expect(await other).toEqual(YES);
    expect(await hanging).toEqual({
      accepted: false,
      reason: 'PAM took more than 0.2 s',
      isClosed: false,
      failDelayMs: 0,
    });
    expect(helpers.running).toBe(1);
    checker.close();
  });

  it('lets nobody wait for ever while all helpers hang', async () => {
    const { checker } = checkerOf(50);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) => checker.check('a', bytes(), `192.0.2.${i}`)),
    );
    const codes = new Set(
      outcomes.map((outcome) =>
        outcome.status === 'fulfilled'
          ? (outcome.value as { accepted: boolean }).accepted
          : outcome.reason.code,
      ),
    );
    expect([...codes].sort()).toEqual([false, 'limit-exceeded']);
    checker.close();
  });

  it('asks no helper that has ended meanwhile', async () => {
    const { helpers, checker } = checkerOf();
    const first = checker.check('a', bytes(), '::1');
    helpers.asked.shift()!.answer(YES);
    await first;
    helpers.last!.kill();
    const second = checker.check('a', bytes(), '::1');
    helpers.asked.shift()!.answer(YES);
    expect(await second).toEqual(YES);
    expect(helpers.started).toBe(2);
    checker.close();
  });

  it('has one helper ready when it was prepared, which answers first', async () => {
    const { helpers, checker } = checkerOf();
    checker.prepare();
    checker.prepare();
    const answer = checker.check('a', undefined, undefined);
    helpers.asked.shift()!.answer(YES);
    expect(await answer).toEqual(YES);
    checker.prepare();
    expect(helpers.started).toBe(1);
    checker.close();
    checker.prepare();
    expect([helpers.started, helpers.running]).toEqual([1, 0]);
  });

  it('leaves no password in the memory that it was given in', async () => {
    const { helpers, checker } = checkerOf();
    const password = bytes('a password');
    const answer = checker.check('a', password, '::1');
    helpers.asked[0]!.answer(YES);
    await answer;
    expect([...password].every((byte) => byte === 0)).toBe(true);
    checker.close();
  });
});
