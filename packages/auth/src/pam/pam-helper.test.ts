import { execFileSync, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookUpAccount, pamChecker } from '@jetstream/platform';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AccountStanding } from '../account-standing.ts';
import { LoginGuard } from '../login-guard.ts';
import { authenticateByPassword } from '../password-login.ts';
import { pamServices } from '../testing/pam-services.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { PamHelperProcess } from './pam-helper-process.ts';
import { PamHelpers, type PamHelpersOptions } from './pam-helpers.ts';

const hasPam = pamChecker() !== undefined;
const mayMakeUsers = hasPam && process.getuid?.() === 0 && canRun('useradd') && canRun('chpasswd');
const SECRET = `s3cret-${randomBytes(8).toString('hex')}`;

function canRun(program: string): boolean {
  try {
    execFileSync(program, ['--help'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function checkerOf(options: PamHelpersOptions): PamHelpers {
  const checker = new PamHelpers(options);
  onTestFinished(() => checker.close());
  return checker;
}

const check = (checker: PamHelpers, user = 'root', password = SECRET) =>
  checker.check(user, Buffer.from(password), '192.0.2.1');

/** Whole command lines and environments of all processes that may be read. */
function processTexts(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => `/proc/${pid}/${file}`))
    .map(textOf);
}

/** '': it cannot be read. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

describe.skipIf(!hasPam)(`the password helper${hasPam ? '' : ' (needs PAM and FFI)'}`, () => {
  it('says what PAM says, and how long a refusal is to be held back without waiting for it', async () => {
    const pamDirectory = pamServices({
      deny: { auth: 'pam_faildelay.so delay=60000000\nauth required pam_deny.so' },
    });
    const verdict = await check(checkerOf({ service: 'deny', pamDirectory }));
    expect(verdict).toMatchObject({ accepted: false, reason: 'Authentication failure' });
    expect((verdict as { failDelayMs: number }).failDelayMs).toBeGreaterThan(20_000);
  });

  it('tells modules the user, the address of the client and the password, and no more of ours', async () => {
    const directory = temporaryDirectory();
    const [script, seen] = [join(directory, 'module'), join(directory, 'seen')];
    const lines = ['#!/bin/sh', `env > ${seen}-$PAM_USER`, `test "$(tr -d '\\0')" = '${SECRET}'`];
    writeFileSync(script, `${lines.join('\n')}\n`, { mode: 0o700 });
    const pamDirectory = pamServices({ script: { auth: `pam_exec.so expose_authtok quiet ${script}` } });
    const checker = checkerOf({ service: 'script', pamDirectory });
    expect(await check(checker)).toMatchObject({ accepted: true });
    expect(await check(checker, 'root', `${SECRET}x`)).toMatchObject({ accepted: false });
    // Without a password, nothing is asked but the account.
    expect(await checker.check('root', undefined, undefined)).toMatchObject({ accepted: true });
    const environment = readFileSync(`${seen}-root`, 'utf8');
    for (const line of ['PAM_USER=root', 'PAM_RHOST=192.0.2.1', 'PAM_SERVICE=script', 'PAM_TTY=script'])
      expect(environment).toContain(line);
    expect(environment).not.toContain(SECRET);
  });

  it('ends when the server does, however that ends', async () => {
    const file = join(temporaryDirectory(), 'server.mjs');
    const source = new URL('../../dist/pam/pam-helper-process.js', import.meta.url);
    writeFileSync(
      file,
      `import { PamHelperProcess } from '${source}';
      process.send(new PamHelperProcess().pid);
      setInterval(() => undefined, 1e6);`,
    );
    const server = fork(file, [], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const [pid] = (await once(server, 'message')) as [number];
    server.kill('SIGKILL');
    // Dead ones that nobody has asked after have no command line.
    while (textOf(`/proc/${pid}/cmdline`) !== '') await new Promise((resolve) => setImmediate(resolve));
  });

  it('lets nobody in where PAM has no rules, or rules that let in everybody', async () => {
    const pamDirectory = pamServices({ everybody: { auth: 'pam_permit.so' } });
    expect(await check(checkerOf({ service: 'everybody', pamDirectory }))).toEqual({
      unavailable: expect.stringContaining('everybody accepts any password'),
    });
    expect(await check(checkerOf({ service: 'none', pamDirectory }))).toMatchObject({ accepted: false });
  });

  it('is killed with all that it started when a module hangs, and another one answers', async () => {
    const seconds = `${1e6 + Math.floor(Math.random() * 1e6)}`;
    const pamDirectory = pamServices({ hangs: { auth: `pam_exec.so /bin/sleep ${seconds}` } });
    const checker = checkerOf({ service: 'hangs', pamDirectory, deadlineMs: 1_500 });
    expect(await check(checker)).toMatchObject({ accepted: false, reason: 'PAM took more than 1.5 s' });
    const isSleeping = () => processTexts().some((text) => text.includes(`sleep\0${seconds}`));
    while (isSleeping()) await new Promise((resolve) => setImmediate(resolve));
    expect(await check(checker)).toMatchObject({ accepted: false });
  });

  it('shows no password in its command line or environment, and needs nothing of ours', async () => {
    const pamDirectory = pamServices({ hangs: { auth: 'pam_exec.so /bin/sleep 1000000' } });
    const before = process.env.JETSTREAM_PASSWORD;
    process.env.JETSTREAM_PASSWORD = SECRET;
    onTestFinished(() => {
      if (before === undefined) delete process.env.JETSTREAM_PASSWORD;
      else process.env.JETSTREAM_PASSWORD = before;
    });
    const helper = new PamHelperProcess();
    const question = { service: 'hangs', user: 'root', remote: '::1', configDirectory: pamDirectory };
    const asked = helper.ask({ ...question, password: Buffer.from(SECRET), deadlineSeconds: 100 });
    asked.catch(() => undefined);
    const sleeping = () => processTexts().some((text) => text.includes('sleep\x001000000'));
    while (!sleeping()) await new Promise((resolve) => setImmediate(resolve));
    expect(processTexts().filter((text) => text.includes(SECRET))).toEqual([]);
    expect(readFileSync(`/proc/${helper.pid}/cmdline`, 'latin1')).toContain('pam-helper');
    helper.kill();
    await expect(asked).rejects.toThrow('ended without an answer');
  });
});

describe.skipIf(!mayMakeUsers)(
  `an account with a password${mayMakeUsers ? '' : ' (needs root, PAM, useradd and chpasswd)'}`,
  () => {
    const user = `jstest${randomBytes(3).toString('hex')}`;
    const unix = { auth: 'pam_unix.so', account: 'pam_unix.so' };
    /** By shadow(5) alone. */
    const standing = new AccountStanding({ pamDirectories: [] });

    function logins() {
      execFileSync('useradd', ['--no-create-home', '--shell', '/usr/sbin/nologin', user]);
      onTestFinished(() => void execFileSync('userdel', [user]));
      execFileSync('chpasswd', { input: `${user}:${SECRET}\n` });
      const waits: number[] = [];
      const unavailable: string[] = [];
      const guard = new LoginGuard({ nowMs: () => 0, wait: async (ms) => waits.push(ms) });
      const passwords = checkerOf({ service: 'unix', pamDirectory: pamServices({ unix }) });
      const logIn = (name: string, password: string) =>
        authenticateByPassword(
          { user: name, password, remote: '192.0.2.1' },
          { guard, passwords, standing, onUnavailable: (why) => unavailable.push(why) },
        );
      /** Whether the account may be used, whatever its password is. */
      const account = () => passwords.check(user, undefined, undefined);
      return { logIn, account, waits, unavailable };
    }

    it('[LG-7] is let in by it alone; whatever is wrong is refused alike', async () => {
      const { logIn, waits } = logins();
      expect(await logIn(user, SECRET)).toEqual({ accepted: true, value: lookUpAccount(user) });
      const wrong: [string, string][] = [
        [user, 'wrong'],
        [user, SECRET.slice(1)],
        ['nobody-at-all', SECRET],
        ['../etc', SECRET],
        [`${user}\0`, SECRET],
        [`${user}\n`, SECRET],
      ];
      for (const [name, password] of wrong)
        expect(await logIn(name, password)).toMatchObject({ limited: false });
      expect(await logIn(user, SECRET)).toMatchObject({ accepted: true });
      for (const password of ['', 'x'.repeat(1_025), 'x'.repeat(2 ** 20), `${SECRET}\0`])
        expect(await logIn(user, password)).toMatchObject({ accepted: false, limited: false });
      expect(waits).toEqual(Array(wrong.length + 4).fill(3_000));
    });

    it('is not let in when it is locked, or expired, with the reason for the log; PAM says so without a password, too', async () => {
      const { logIn, account } = logins();
      execFileSync('usermod', ['--lock', user]);
      expect(await logIn(user, SECRET)).toMatchObject({ accepted: false });
      // PAM does not care for the password when it is not asked about it.
      expect(await account()).toMatchObject({ accepted: true });
      expect(await standing.of(user, undefined)).toMatchObject({ isClosed: true });
      execFileSync('usermod', ['--unlock', user]);
      expect(await logIn(user, SECRET)).toMatchObject({ accepted: true });
      expect(await standing.of(user, undefined)).toMatchObject({ isOpen: true });
      execFileSync('usermod', ['--expiredate', '2001-01-01', user]);
      expect(await logIn(user, SECRET)).toMatchObject({ reason: expect.stringContaining('expired') });
      expect(await account()).toMatchObject({ accepted: false, isClosed: true });
      execFileSync('usermod', ['--expiredate', '', user]);
      execFileSync('chage', ['--lastday', '0', user]);
      expect(await logIn(user, SECRET)).toMatchObject({
        reason: expect.stringContaining('new one required'),
      });
      expect(await account()).toMatchObject({ accepted: false, isClosed: false });
    });
  },
);
