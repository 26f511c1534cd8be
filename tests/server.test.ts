import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, runJetstream } from '../tools/programs/src/programs.mjs';
import { Arena, canRun, expectEqualTrees, expectOk, expectRefusal, isRoot } from './support/arena.ts';

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.create();
});
afterAll(() => arena.close());

const jetstream = (...parameters: string[]): Promise<Finished> =>
  runJetstream(parameters, { env: arena.environment });

describe('jetstream', () => {
  it('tells its version, its commands, and the options of each', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../apps/server/package.json', import.meta.url), 'utf8'),
    );
    expect(await jetstream('--version')).toMatchObject({
      status: 0,
      stdout: `jetstream ${version}\n`,
      stderr: '',
    });
    expect((await jetstream('--help')).stdout).toMatch(/jetstream server/);
    expect(await jetstream('server', '--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--sandbox-dir'),
    });
  });

  it.each([
    [[]],
    [['serve']],
    [['server', '--frob']],
    [['server', '--recv-port', 'x']],
    [['server', 'extra']],
  ])('%j is refused in one line', async (parameters) => {
    expectRefusal(await jetstream(...parameters), 2, /^jetstream: .*--help\)\n$/);
  });
});

describe('a server that cannot start says why in one line', () => {
  const start = (...parameters: string[]) => {
    const defaults = ['--recv-port', '0', '--persistent-state-dir', arena.state, '--log-level', 'silent'];
    return jetstream('server', ...defaults, ...parameters);
  };

  it('when its port is taken', async () => {
    const first = await arena.startServer();
    expectRefusal(
      await start(
        '--recv-host',
        '127.0.0.1',
        '--recv-port',
        String(first.port),
        '--persistent-state-dir',
        arena.directory('another-state'),
      ),
      3,
      new RegExp(`${first.port}`),
    );
    await first.stop();
  });

  it('when another one uses its state directory', async () => {
    const first = await arena.startServer();
    expectRefusal(await start(), 6, new RegExp(`${arena.state}/level .*stop that one`));
    await first.stop();
  });

  it('when its address is not one of this machine', async () => {
    expectRefusal(await start('--recv-host', '192.0.2.1'), 2, /192\.0\.2\.1/);
  });

  it('when its sandbox is missing or a file', async () => {
    expectRefusal(await start('--sandbox-dir', join(arena.base, 'missing')), 4, /missing/);
    expectRefusal(await start('--sandbox-dir', arena.file('a-file', 1)), 4, /a-file.*not a directory/);
  });

  const asUser = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all'];
  const canBeUnwritable = !isRoot || canRun(asUser[0]!, ...asUser.slice(1), 'true');
  it.skipIf(!canBeUnwritable)(
    'when its state directory cannot be written (as root this needs setpriv)',
    async () => {
      const locked = arena.directory('locked');
      chmodSync(locked, 0o500);
      const finished = await runJetstream(
        ['server', '--recv-port', '0', '--persistent-state-dir', join(locked, 'state')],
        {
          env: arena.environment,
          wrapper: isRoot ? asUser : [],
        },
      );
      expectRefusal(finished, 5, /locked\/state/);
    },
  );

  it('when its configuration file is missing, or holds an unknown option', async () => {
    expectRefusal(await start('--config', join(arena.base, 'none.conf')), 4, /none\.conf/);
    const config = join(arena.base, 'bad.conf');
    writeFileSync(config, '--recv-port 0\n--sandbox /x\n');
    expectRefusal(await start('--config', config), 2, /bad\.conf:2: unknown option --sandbox/);
  });
});

describe('a server', () => {
  it('says on standard output that it is ready, and in its log which key it has', async () => {
    const server = await arena.startServer();
    const { status, stdout, stderr } = await server.stop();
    expect([status, stdout]).toEqual([0, `ready udp=${server.port} api=-\n`]);
    expect(stderr).toMatch(/SHA256:/);
    for (const line of stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('time');
  });

  it('opens its API on a port of its own, and ends with 0 when a superuser says so there', async () => {
    const server = await arena.startServer(['--api-port=0', '--api-host=127.0.0.1']);
    const api = (...words: string[]) =>
      jetstream('api', '--host=127.0.0.1', `--api-control-port=${server.apiPort}`, ...words);
    expect(JSON.parse((await api('getServerInfo')).stdout)).toMatchObject({
      apiControlPort: server.apiPort,
      receiver: { ports: [server.port] },
    });
    const licenses = JSON.parse((await api('getThirdPartyLicenses')).stdout);
    expect(licenses).toContainEqual(expect.objectContaining({ name: 'fastify', license: 'MIT' }));
    expect((await api('terminate')).status).not.toBe(0);
    expect(await api('--superuser', 'terminate')).toMatchObject({ status: 0 });
    const { status, stdout } = await server.finished;
    expect([status, stdout]).toEqual([0, `ready udp=${server.port} api=${server.apiPort}\n`]);
  });

  it('says how its API cannot be had', async () => {
    const first = await arena.startServer(['--api-port=0', '--api-host=127.0.0.1']);
    const start = (...words: string[]) => arena.startServer(['--api-host=127.0.0.1', ...words]);
    await expect(start(`--api-port=${first.apiPort}`)).rejects.toThrow(
      /\(3\):[\s\S]*^jetstream: TCP port \d+ .*in use/m,
    );
    await expect(start('--api-port=0', '--api-key=/nowhere')).rejects.toThrow(
      /\(2\):[\s\S]*jetstream: .*needs its key/,
    );
    const files = ['--api-certificate=/nowhere.pem', '--api-key=/nowhere.key'];
    await expect(start('--api-port=0', ...files)).rejects.toThrow(/\(4\):[\s\S]*jetstream: .*nowhere/);
    await first.stop();
  });

  it('has the same key after a restart', async () => {
    const keys = [];
    for (let start = 0; start < 2; start += 1) {
      const { stderr } = await (await arena.startServer()).stop();
      keys.push(/SHA256:[\w+/=-]+/.exec(stderr)?.[0]);
    }
    expect(keys[0]).toBe(keys[1]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'lets a running copy end at %s, takes no new one, and exits 0',
    async (signal) => {
      const server = await arena.startServer();
      const file = arena.file(`drained-${signal}`, 4_000_000);
      const copy = arena.startJscp(server.port, ['-l', '16M', file, `127.0.0.1:/drained-${signal}`]);
      await copy.untilAcked(500_000);
      const stopped = server.stop(signal);
      const impatient = ['--connect-timeout', '1', '--reconnect', 'none'];
      const late = await arena.jscp(server.port, [...impatient, file, '127.0.0.1:/late']);
      expect([3, 8]).toContain(late.status);
      expectOk(await copy.finished);
      expect(await stopped).toMatchObject({ status: 0, signal: null });
      await expectEqualTrees(file, join(arena.sandbox, `drained-${signal}`));
      expect(existsSync(join(arena.sandbox, 'late'))).toBe(false);
    },
  );

  it('closes at once at the second signal, and its clients say so', async () => {
    const server = await arena.startServer();
    const file = arena.file('cut', 20_000_000);
    const copy = arena.startJscp(server.port, ['-l', '8M', '--reconnect', 'none', file, '127.0.0.1:/cut']);
    await copy.untilAcked(500_000);
    // Two of one kind could reach the process as one.
    server.child.kill('SIGTERM');
    expect(await server.stop('SIGINT')).toMatchObject({ status: 0, signal: null });
    expectRefusal(await copy.finished, 8, /127\.0\.0\.1: .*shutting down/);
    expect(existsSync(join(arena.sandbox, 'cut'))).toBe(false);
  });
});
