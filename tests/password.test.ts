import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arena, canRun, expectEqualTrees, type ServerProcess } from './support/arena.ts';
import { CTRL_C, Terminal } from './support/terminal.ts';

const mayMakeUsers =
  process.getuid?.() === 0 &&
  canRun('useradd', '--help') &&
  canRun('chpasswd', '--help') &&
  existsSync('/etc/pam.d/other');
const SECRET = `s3cret-${randomBytes(8).toString('hex')}`;
const WRONG = `wr0ng-${randomBytes(8).toString('hex')}`;
const user = `jstest${randomBytes(3).toString('hex')}`;

/** Command lines and environments of all processes but those that are named. */
function processTexts(besides: readonly string[]): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const read = (file: string) => {
    try {
      return readFileSync(file, 'latin1');
    } catch {
      return '';
    }
  };
  return pids
    .filter((pid) => !besides.some((name) => read(`/proc/${pid}/cmdline`).includes(name)))
    .map((pid) => read(`/proc/${pid}/cmdline`) + read(`/proc/${pid}/environ`))
    .join('\n');
}

describe.skipIf(!mayMakeUsers)(
  `an account of this machine${mayMakeUsers ? '' : ' (needs root, PAM, useradd and chpasswd)'}`,
  () => {
    let arena: Arena;
    let server: ServerProcess;
    beforeAll(async () => {
      execFileSync('useradd', ['--no-create-home', '--shell', '/usr/sbin/nologin', user]);
      execFileSync('chpasswd', { input: `${user}:${SECRET}\n` });
      arena = await Arena.create();
      chmodSync(arena.base, 0o755);
      server = await arena.startServer(['--sandbox-dir', join(arena.sandbox, '%u'), '--log-level', 'trace']);
    });
    afterAll(async () => {
      await arena.close();
      execFileSync('userdel', [user]);
    });

    const remote = (name: string) => `${user}@127.0.0.1:/${name}`;
    const copied = (name: string) => join(arena.sandbox, user, name);

    it('copies by its password, as itself, and nothing shows the password', async () => {
      const file = arena.file('by-password', 100_000);
      const debugging = { JETSTREAM_DEBUG: '1', NODE_DEBUG: 'jetstream' };
      const given = await arena.jscp(server.port, [file, remote('by-password')], {
        env: { JETSTREAM_PASSWORD: SECRET, ...debugging },
      });
      expect(given).toMatchObject({ status: 0 });
      await expectEqualTrees(file, copied('by-password'));
      expect(statSync(copied('by-password')).uid).toBe(Number(execFileSync('id', ['-u', user])));

      const refused = await arena.jscp(server.port, [file, remote('refused')], {
        env: { JETSTREAM_PASSWORD: WRONG, ...debugging },
      });
      expect(refused.status).toBe(5);
      expect(refused.stderr).toContain('neither a key nor the password does');
      expect(server.log).toContain('"way":"password"');
      const texts = [given.stderr, given.stdout, refused.stderr, refused.stdout, server.log];
      texts.push(processTexts([]));
      for (const text of texts) for (const secret of [SECRET, WRONG]) expect(text).not.toContain(secret);
    });

    it.skipIf(!canRun('script', '--version'))(
      'is asked for it on a terminal, which does not show it (needs script of util-linux)',
      async () => {
        const file = arena.file('typed', 100_000);
        const terminal = new Terminal(arena, server, ['--accept-new', file, remote('typed')]);
        const question = `Password of ${user} at 127\\.0\\.0\\.1: `;
        await terminal.shows(new RegExp(question));
        terminal.type(`${WRONG}\r`);
        await terminal.shows(new RegExp(`${question}[^]*${question}`));
        terminal.type(`${SECRET}\r`);
        expect(await terminal.status()).toBe(0);
        await expectEqualTrees(file, copied('typed'));
        for (const secret of [SECRET, WRONG]) expect(terminal.screen).not.toContain(secret);

        const stopped = new Terminal(arena, server, ['--accept-new', file, remote('stopped')]);
        await stopped.shows(new RegExp(question));
        stopped.type(`half${CTRL_C}`);
        expect(await stopped.status()).toBe(130);
        expect(stopped.screen).not.toContain('half');
      },
    );
  },
);
