import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient, type ApiLogin } from '@jetstream/api/client';
import { pamChecker } from '@jetstream/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loginKeys } from '../../api-client/login-keys.ts';
import { TestServer } from '../../testing/test-server.ts';

const mayMakeUsers =
  process.getuid?.() === 0 &&
  pamChecker() !== undefined &&
  existsSync('/etc/pam.d/other') &&
  existsSync('/usr/sbin/useradd') &&
  existsSync('/usr/sbin/chpasswd');
const SECRET = `s3cret-${randomBytes(8).toString('hex')}`;
const id = randomBytes(3).toString('hex');
const [user, group] = [`jstest${id}`, `jsgroup${id}`];

function helpers(): number {
  const isHelper = (pid: string) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/status`, 'latin1').includes(`PPid:\t${process.pid}\n`);
      return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('pam-helper');
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isHelper(name)).length;
}

describe.skipIf(!mayMakeUsers)(
  `an account at the API${mayMakeUsers ? '' : ' (needs root, PAM, useradd and chpasswd)'}`,
  () => {
    let test: TestServer;
    let home: string;
    const clients: ApiClient[] = [];
    beforeAll(async () => {
      execFileSync('groupadd', [group]);
      // Of root, like what is in it: that counts as much as the account's own.
      home = mkdtempSync(join(tmpdir(), 'jetstream-home-'));
      execFileSync('useradd', ['--no-create-home', '--home-dir', home, '--groups', group, user]);
      execFileSync('chpasswd', { input: `${user}:${SECRET}\n` });
      test = await TestServer.start({ api: { port: 0, host: '127.0.0.1' }, supergroups: [group] });
      mkdirSync(join(home, '.ssh'), { mode: 0o755 });
      const keys = join(home, '.ssh/authorized_keys');
      writeFileSync(keys, readFileSync(test.authorizedKeys), { mode: 0o644 });
      chmodSync(test.base, 0o755);
      chmodSync(test.sandbox, 0o777);
    });
    afterAll(async () => {
      await Promise.all(clients.map((client) => client.close()));
      await test.end();
      execFileSync('userdel', [user]);
      execFileSync('groupdel', [group]);
      rmSync(home, { recursive: true });
    });

    async function connect(login: ApiLogin): Promise<ApiClient> {
      const port = test.server.apiPort!;
      const client = await ApiClient.connect({
        host: '127.0.0.1',
        port,
        checkCertificate: () => undefined,
        login,
      });
      clients.push(client);
      return client;
    }

    it('logs in by its password, and may be superuser as a member of a group that may', async () => {
      const client = await connect({ user, password: SECRET });
      await expect(client.call('getWranglers', {})).rejects.toMatchObject({ code: 'permission-denied' });
      await client.call('superuser', {});
      expect(await client.work('addWranglerAsync', { user })).toEqual({ user, group: null });
      expect(await client.call('getWranglers', {})).toEqual([{ user, group: null }]);
      const only = { onlyAuthorizedClientsAllowed: true };
      await client.work('recv.allowOnlyAuthorizedClientsAsync', only);
      expect(await client.call('getServerInfo', {})).toMatchObject({ receiver: only });
      await client.work('recv.allowOnlyAuthorizedClientsAsync', { onlyAuthorizedClientsAllowed: false });
    });

    it('[LG-11] is out of use, whatever it logs in by and whatever it is at, while it is locked, and once it has expired', async () => {
      const usermod = (...options: string[]) => execFileSync('usermod', [...options, user]);
      const byKey = () => connect({ user, signLogin: loginKeys({ configDirectory: test.config }) });
      const file = join(test.source, 'file');
      writeFileSync(file, Buffer.alloc(64 * 2 ** 20, 'x'));
      const mappings = [{ source: file, target: '/by-key' }];
      const ratePolicy = { capBitsPerSecond: 8_000_000 };

      const refused = { code: 'login-refused' };

      const [client, session] = [await byKey(), await test.connect({ user })];
      const running = session.upload({ mappings, ratePolicy });
      for await (const { ackedBytes } of running) if (ackedBytes > 0) break;
      usermod('--lock');
      test.service.parts.logins.recheck();
      await expect(running.done).rejects.toMatchObject(refused);
      await expect(client.call('echo', { message: '' })).rejects.toMatchObject({ code: 'unauthenticated' });
      await expect(byKey()).rejects.toMatchObject(refused);
      await expect(test.connect({ user })).rejects.toMatchObject(refused);

      usermod('--unlock');
      await byKey();
      const idle = await test.connect({ user });
      usermod('--expiredate', '2001-01-01');
      await expect(idle.upload({ mappings }).done).rejects.toMatchObject(refused);
      await expect(byKey()).rejects.toMatchObject(refused);
      usermod('--expiredate', '');
    });

    it('is guessed at 150 times at once, with four helpers, and nothing else is disturbed', async () => {
      const session = await test.connect();
      let most = 0;
      const attempts = Array.from({ length: 150 }, async (_, i) => {
        const outcome = await connect({ user: i % 2 ? user : 'nobody-at-all', password: `guess-${i}` }).catch(
          (error) => error.code as string,
        );
        most = Math.max(most, i % 15 === 0 ? helpers() : 0);
        return outcome;
      });
      const copied = await session.upload({ mappings: [{ source: test.config, target: '/meanwhile' }] }).done;
      expect(copied.failed).toBe(0);
      const outcomes = new Set(await Promise.all(attempts));
      expect([...outcomes].every((outcome) => typeof outcome === 'string')).toBe(true);
      expect(outcomes).toContain('login-refused');
      expect(outcomes).toContain('limit-exceeded');
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(4);
      expect(existsSync(join(test.sandbox, 'meanwhile'))).toBe(true);
    });
  },
);
