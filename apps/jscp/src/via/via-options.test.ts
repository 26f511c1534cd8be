import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseCommandLine } from '../options.ts';

const options = async (...words: string[]) => {
  const command = await parseCommandLine(['--via', 'ada@a.lan:9000', ...words]);
  if (command.do !== 'copy-via') throw new Error(`not a copy from server to server: ${command.do}`);
  return command.options;
};

describe('a copy from server to server', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('leaves to the servers what is not said', async () => {
    expect(await options('/a', 'b.lan:/x')).toEqual({
      via: { user: 'ada', host: 'a.lan', port: 9000 },
      destination: 'b.lan',
      submission: {
        destination: { destinationAddress: 'b.lan' },
        manifest: { fileMappings: [{ source: '/a', target: '/x' }], symlinkMode: 'follow' },
        transfer: {},
      },
      identityFile: undefined,
      acceptNew: false,
      connectTimeoutMs: 10_000,
      reconnectTimeoutMs: 600_000,
      verify: false,
      leaveRunning: false,
      detach: false,
      output: 'progress',
    });
  });

  it('takes the options of a copy along', async () => {
    const words =
      '-d /project -P 9001 -l 1.5G --policy high --overwrite backup --checksum --read-back -p --checkpoint none --symlinks ignore';
    const more = '-i key --accept-new --connect-timeout 2 --reconnect none --json --leave-running --detach';
    expect(await options(...`${words} ${more} /a eve@[::1]:x`.split(' '))).toMatchObject({
      submission: {
        destination: {
          ...{ destinationAddress: '::1', destinationPort: 9001, userName: 'eve' },
          ...{ ratePolicy: 'high', sendRateMax: 1_500_000 },
        },
        manifest: { symlinkMode: 'ignore', fileMappings: [{ source: '/a', target: 'x' }] },
        transfer: {
          ...{ destinationPath: '/project', overwriteMode: 5, skipRule: 'by-digest', readBack: true },
          ...{ preserve: true, checkpointFrequencySeconds: null },
        },
      },
      ...{ identityFile: 'key', acceptNew: true, connectTimeoutMs: 2_000, reconnectTimeoutMs: 0 },
      ...{ output: 'json', leaveRunning: true, detach: true },
    });
  });

  it.each([
    [['--overwrite', 'in-place-never'], { overwriteMode: 0 }],
    [['--overwrite', 'in-place'], { overwriteMode: 1 }],
    [['--overwrite', 'in-place-same-size'], { overwriteMode: 2 }],
    [['--overwrite', 'never'], { overwriteMode: 3 }],
    [['--overwrite', 'always'], { overwriteMode: 4 }],
    [['--whole'], { skipRule: 'nothing' }],
    [['--verify'], { verify: true }],
    [['--checkpoint', '0.5'], { checkpointFrequencySeconds: 0.5 }],
  ])('%j is %j', async (words, transfer) => {
    expect((await options(...words, '/a', 'b:/x')).submission.transfer).toEqual(transfer);
  });

  it('keeps to the lower of two rates', async () => {
    const rates = ['--policy', 'fixed', '--rate', '20M', '--max-rate', '12.3456M'];
    expect((await options(...rates, '/a', 'b:/x')).submission.destination).toMatchObject({
      ratePolicy: 'fixed',
      sendRateMax: 12_345,
    });
  });

  it.each([
    [['/a', 'b:/x/'], [['/a', '/x/a']]],
    [
      ['/s/a', '/s/b/', 'b:/x'],
      [
        ['/s/a', '/x/a'],
        ['/s/b/', '/x/b'],
      ],
    ],
    [['/a:b', 'b:'], [['/a:b', 'a:b']]],
    [['/', 'b:'], [['/', '/']]],
  ])('%j becomes %j', async (operands, mappings) => {
    const { submission } = await options(...operands);
    expect(submission.manifest?.fileMappings).toEqual(
      mappings.map(([source, target]) => ({ source, target })),
    );
  });

  it('has the one server log in at the other with what was given for that', async () => {
    const credentials = async (...words: string[]) => {
      const { destinationAddress: _, ...given } = (await options(...words, '/a', 'b:/x')).submission
        .destination!;
      return given;
    };
    vi.stubEnv('JETSTREAM_PASSWORD', 'of no concern');
    vi.stubEnv('JETSTREAM_TOKEN', 'of no concern');
    expect(await credentials()).toEqual({});
    vi.stubEnv('JETSTREAM_VIA_TOKEN', 't');
    vi.stubEnv('JETSTREAM_VIA_TOKEN_PASSWORD', 'tp');
    expect(await credentials()).toEqual({ token: 't', tokenPassword: 'tp' });
    vi.stubEnv('JETSTREAM_VIA_PASSWORD', 'p');
    await expect(credentials()).rejects.toThrow(/exclude/);
    vi.stubEnv('JETSTREAM_VIA_TOKEN', '');
    expect(await credentials()).toEqual({ password: 'p' });
    const directory = mkdtempSync(join(tmpdir(), 'jetstream-via-'));
    writeFileSync(join(directory, 'key'), 'a key', { mode: 0o600 });
    expect(await credentials('--via-key', join(directory, 'key'))).toEqual({ privateKey: 'a key' });
    rmSync(directory, { recursive: true });
    await expect(credentials('--via-key', join(directory, 'key'))).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it.each([
    [['a', 'b:/x'], '"a" is not absolute'],
    [['c:/a', 'b:/x'], 'sources of --via are paths'],
    [['/a', '/x'], '"/x" is no target for --via'],
    [['/a'], 'needs a target'],
    [['--token-file', 't', '/a', 'b:/x'], '--token-file does not go with --via'],
    [['--min-rate', '1M', '/a', 'b:/x'], '--min-rate does not go'],
    [['--known-hosts', 'f', '/a', 'b:/x'], '--known-hosts does not go'],
    [['--congestion', 'cubic', '/a', 'b:/x'], '--congestion does not go'],
    [['--datagrams', 'portable', '/a', 'b:/x'], '--datagrams does not go'],
    [['--no-path-memory', '/a', 'b:/x'], '--no-path-memory does not go'],
    [['--rate', '1M', '/a', 'b:/x'], '--rate goes with --policy fixed'],
    [['--verify', '--whole', '/a', 'b:/x'], '--whole does not go with it'],
  ])('refuses %j', async (words, message) => {
    await expect(options(...words)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    });
  });

  it.each(['--leave-running', '--detach', '--via-key=k'])('is what %s is for', async (option) => {
    await expect(parseCommandLine([option, 'a', 'b:/x'])).rejects.toThrow(/goes with --via/);
  });
});
