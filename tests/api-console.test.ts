import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize, type Finished, type RunOptions, runJetstream } from '../tools/programs/src/programs.mjs';
import { Arena, expectOk, expectRefusal, type ServerProcess } from './support/arena.ts';
import { canHavePrivateNetwork, PRIVATE_NETWORK_NEEDS, PrivateNetwork } from './support/private-network.ts';

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.create();
});
afterAll(() => arena.close());

/** What a command line prints, which is JSON. */
function parse(finished: Finished) {
  expectOk(finished);
  return JSON.parse(finished.stdout);
}

const words = (line: string) => line.trim().split(/\s+/).slice(1);

describe.skipIf(!canHavePrivateNetwork)(
  `the primer's example${canHavePrivateNetwork ? '' : ` (${PRIVATE_NETWORK_NEEDS})`}`,
  () => {
    it('works to the letter', async () => {
      const hosts = join(arena.base, 'hosts');
      writeFileSync(hosts, '127.0.0.1 localhost\n127.0.0.2 jetstream02.lan\n');
      await using network = await PrivateNetwork.create(hosts);
      const { wrapper } = network;

      const sending = arena.directory('sending');
      mkdirSync(join(sending, 'source'));
      writeFileSync(join(sending, 'source/my_file'), 'what the primer sends');
      await arena.startServer(
        ['--recv-port', '8886', '--api-port', '8886', '--api-host', '127.0.0.1', '--sandbox-dir', sending],
        { wrapper },
      );
      const storage = arena.directory('storage');
      const state = join(arena.base, 'state-of-02');
      await authorize(arena.config, state);
      await arena.startServer(
        [
          ...['--recv-host', '127.0.0.2', '--recv-port', '8886', '--sandbox-dir', storage],
          ...['--persistent-state-dir', state],
        ],
        { wrapper },
      );
      const options: RunOptions = { wrapper, env: arena.environment };
      const run = async (line: string) => parse(await runJetstream(words(line), options));

      const { destinationId } = await run(
        'jetstream api createDestination --destinationAddress=jetstream02.lan --sendRateMax=1500000',
      );
      const { manifestId } = await run(
        'jetstream api createManifest --fileMappings /source/my_file:/target/my_file',
      );
      const { transferId } = await run(
        `jetstream api createTransfer --destinationId ${destinationId} --manifestId ${manifestId} --destinationPath /project`,
      );
      expect(await run(`jetstream api waitForTransfer --transferId ${transferId}`)).toMatchObject({
        status: 'complete',
        totalFiles: 1,
      });
      expect(readFileSync(join(storage, 'project/target/my_file'), 'utf8')).toBe('what the primer sends');
    });
  },
);

describe('jetstream api', () => {
  let server: ServerProcess;
  let options: RunOptions;
  beforeAll(async () => {
    server = await arena.startServer(['--api-port', '0', '--api-host', '127.0.0.1']);
    options = { env: arena.environment };
  });

  const run = (line: string, more: RunOptions = {}) => {
    const [api, ...rest] = words(line);
    const place = ['--host', '127.0.0.1', '--api-control-port', String(server.apiPort)];
    return runJetstream([api!, ...place, ...rest], { ...options, env: { ...options.env, ...more.env } });
  };

  it('prints JSON with its keys in alphabetical order', async () => {
    const { stdout } = await run('jetstream api getServerInfo');
    const keys = [...stdout.matchAll(/^ {2}"(\w+)":/gm)].map(([, key]) => key);
    expect(keys.length).toBeGreaterThan(20);
    expect(keys).toEqual([...keys].sort());
  });

  it('runs the work of …Async commands', async () => {
    writeFileSync(join(arena.sandbox, 'seven'), '7 bytes');
    expect(parse(await run('jetstream api duAsync --path / --wait'))).toMatchObject({ totalSize: 7 });
    const { requestId } = parse(await run('jetstream api duAsync --path /'));
    expect(parse(await run(`jetstream api getRequestResult --requestId ${requestId}`))).toMatchObject({
      totalSize: 7,
    });
  });

  it('makes links that jscp downloads, from a file, a pipe or by URI, and whose use is told', async () => {
    writeFileSync(join(arena.sandbox, 'shared'), 'for whoever has the link');
    const { manifestId } = parse(
      await run('jetstream api createManifest --fileMappings /shared:/given/file'),
    );
    parse(await run(`jetstream api waitForManifest --manifestId ${manifestId}`));
    const share = `jetstream api createSharedToken --manifestId ${manifestId}`;
    const { secret, token } = parse(await run(share));
    const secretFile = join(arena.base, 'link');
    writeFileSync(secretFile, secret, { mode: 0o600 });
    // Of somebody who has the link, and nothing else.
    const env = { JETSTREAM_CONFIG_DIR: arena.directory('stranger'), HOME: arena.directory('home') };
    for (const [name, source] of [
      ['from-file', ['--token-file', secretFile, '127.0.0.1:/']],
      ['by-pipe', ['--token-file', '/dev/stdin', '127.0.0.1:/']],
      ['by-uri', [`jetstream://127.0.0.1/download?token=${secret}`]],
    ] as const) {
      const target = join(arena.base, name);
      const wrapper = name === 'by-pipe' ? ['sh', '-c', 'cat "$0" | "$@"', secretFile] : [];
      expectOk(await arena.jscp(server.port, [...source, target], { env, wrapper }));
      expect(readFileSync(join(target, 'given/file'), 'utf8')).toBe('for whoever has the link');
    }
    expect(parse(await run(`jetstream api getSharedToken --token ${token}`))).toMatchObject({
      downloadCount: 3,
    });
    parse(await run(`jetstream api deleteSharedToken --token ${token}`));
    const late = ['--token-file', secretFile, '127.0.0.1:/', join(arena.base, 'late')];
    expectRefusal(await arena.jscp(server.port, late, { env }), 5, /token is not valid/);
    expect(server.log).not.toContain(secret);
  });

  it('raises a session when told', async () => {
    expectRefusal(await run('jetstream api garbageCollect'), 6, /garbageCollect is for superusers/);
    expect(parse(await run('jetstream api --superuser garbageCollect'))).toMatchObject({
      transfersDeleted: 0,
    });
  });

  it('exits with a status of its own for each kind of failure, and one line that says it', async () => {
    expectRefusal(await run('jetstream api createTransfer --destinationId a'), 2, /manifestId is missing/);
    expectRefusal(await run('jetstream api createTransfers'), 2, /no command "createTransfers"/);
    expectRefusal(await run('jetstream api getTransfer --transferId a'), 10, /no transfer "a"/);
    expectRefusal(await run('jetstream api lsAsync --path /nowhere --wait'), 10, /nowhere/);
    const wrong = await run('jetstream api getWranglers', { env: { JETSTREAM_API_PASSWORD: 'wrong' } });
    expectRefusal(wrong, 5, /does not let \S+ in by the password of JETSTREAM_API_PASSWORD/);
    expect(wrong.stderr).not.toContain('wrong');
    const nobody = await runJetstream(
      words('jetstream api --host 127.0.0.1 --api-control-port 1 getServerInfo'),
      options,
    );
    expectRefusal(nobody, 3, /127\.0\.0\.1:1/);
  });

  it('refuses a server whose certificate is another than it was', async () => {
    expectOk(await run('jetstream api getServerInfo'));
    const pins = join(arena.config, 'known_api_hosts');
    writeFileSync(pins, readFileSync(pins, 'utf8').replace(/sha256 .{4}/g, 'sha256 AAAA'));
    const refused = await run('jetstream api getTransfers', {
      env: { JETSTREAM_API_PASSWORD: 'never sent' },
    });
    expectRefusal(refused, 4, /CERTIFICATE CHANGED.*known_api_hosts/);
    writeFileSync(pins, '');
  });
});
