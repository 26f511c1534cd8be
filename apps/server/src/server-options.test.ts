import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions } from '@jetstream/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseServerOptions } from './server-options.ts';

let directory: string;
let config: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'jetstream-options-'));
  config = join(directory, 'server.conf');
});
afterAll(() => rmSync(directory, { recursive: true }));

const options = async (...argv: string[]): Promise<ServerOptions> => {
  const parsed = await parseServerOptions(argv);
  if ('help' in parsed) throw new Error('help');
  return parsed.options;
};

describe('the options of jetstream server', () => {
  it('are none by default: core decides', async () => {
    expect(await options()).toEqual({});
  });

  it('are all understood', async () => {
    const words =
      '--recv-port=0 --recv-host ::1 --sandbox-dir /storage/%u --persistent-state-dir state --log-level debug --congestion cubic --max-rate 1.5G --strongest-policy fair --incoming-rate-limit 2G --outgoing-rate-limit 500 --borrow-incoming-rate --borrow-outgoing-rate no --trigger-dir /etc/triggers --trigger-log --persistent-destinations=yes --persistent-transfers=false --api-disable-api-tokens --api-disable-shared-tokens=no --superuser ada,bob --supergroup none';
    expect(await options(...words.split(' '))).toEqual({
      port: 0,
      host: '::1',
      sandboxDirectory: '/storage/%u',
      stateDirectory: join(process.cwd(), 'state'),
      logLevel: 'debug',
      superusers: ['ada', 'bob'],
      supergroups: [],
      congestion: 'cubic',
      rateLimits: { capBitsPerSecond: 1.5e9, strongestPolicy: 'fair' },
      triggerDirectory: '/etc/triggers',
      triggerLog: true,
      bandwidthLimits: {
        incomingBitsPerSecond: 2e9,
        outgoingBitsPerSecond: 500e6,
        borrowIncoming: true,
        borrowOutgoing: false,
      },
      persistentDestinations: true,
      persistentTransfers: false,
      apiTokens: false,
      sharedTokens: true,
    });
  });

  it('of the API are parts of one thing, and --no-api wins', async () => {
    const words =
      '--api-port=0 --api-host ::1 --api-allow-remote-control=false --api-certificate c --api-key /k';
    const api = { port: 0, host: '::1', allowRemoteControl: false };
    const files = { certificateFile: join(process.cwd(), 'c'), keyFile: '/k' };
    expect(await options(...words.split(' '))).toEqual({ api: { ...api, ...files } });
    expect(await options('--api-allow-remote-control')).toEqual({ api: { allowRemoteControl: true } });
    for (const off of ['--no-api', '--api=false', '--api=no']) {
      expect(await options('--api-port', '1', off)).toEqual({ api: false });
    }
    expect(await options('--api', '--no-api=no', '--disable-telemetry')).toEqual({});
    writeFileSync(config, '--api-allow-remote-control=false\n--disable-telemetry\n');
    expect(await options('--config', config)).toEqual({ api: { allowRemoteControl: false } });
  });

  it('come from a response file too, and the command line wins', async () => {
    writeFileSync(config, '--recv-port 9000\n--log-level warn\n');
    expect(await options('--config', config, '--recv-port', '9001')).toEqual({
      port: 9001,
      logLevel: 'warn',
    });
  });

  it('may give several ports, one by one or parted by commas', async () => {
    expect(await options('--recv-port', '1, 2', '--recv-port=3')).toEqual({ port: [1, 2, 3] });
    writeFileSync(config, '--recv-port 9000\n--recv-port 9001\n--lanes 1\n--lanes 2\n');
    expect(await options('--config', config)).toEqual({ port: [9_000, 9_001], lanes: 2 });
    expect(await options('--config', config, '--recv-port', '9', '--lanes', '3', '--lanes', '4')).toEqual({
      port: 9,
      lanes: 4,
    });
  });

  it.each([
    [['--recv-port', '1,'], /^--recv-port "1,": a port is a number/],
    [['--frob'], /^unknown option --frob \(see/],
    [['--recv-port', '65536'], /^--recv-port "65536": a port is a number from 0 to 65535/],
    [['--recv-port'], /^--recv-port needs a value/],
    [['--recv-port='], /^--recv-port needs a value/],
    [['--log-level', 'loud'], /^--log-level "loud": choose one of trace, debug/],
    [['--congestion', 'reno'], /choose one of bbr, cubic/],
    [['--max-rate', '1'.repeat(9)], /^--max-rate "1+": "1+" is no rate/],
    [['--strongest-policy', 'turbo'], /choose one of low, fair, high, fixed/],
    [['--borrow-incoming-rate', 'maybe'], /choose one of yes, no, true, false/],
    [['extra'], /^unexpected "extra"/],
  ])('%j are refused in one line', async (argv, message) => {
    await expect(parseServerOptions(argv)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message),
    });
  });

  it('name the file and line of a wrong value in the response file', async () => {
    writeFileSync(config, '# comment\n--recv-port many\n');
    await expect(parseServerOptions(['--config', config])).rejects.toThrow(
      `${config}:2: --recv-port "many": a port is a number from 0 to 65535`,
    );
  });

  it('have a help text that names each of them', async () => {
    const parsed = await parseServerOptions(['--help'], 100);
    const text = 'help' in parsed ? parsed.help : '';
    for (const name of [
      'recv-port',
      'recv-host',
      'sandbox-dir',
      'persistent-state-dir',
      'config',
      'log-level',
    ]) {
      expect(text).toContain(`--${name}`);
    }
  });
});
