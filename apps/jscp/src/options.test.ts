import { describe, expect, it } from 'vitest';
import { type JscpOptions, parseCommandLine } from './options.ts';

const copy = async (...argv: string[]): Promise<JscpOptions> => {
  const command = await parseCommandLine(argv);
  if (command.do !== 'copy') throw new Error(`not a copy: ${command.do}`);
  return command.options;
};
const refusal = (...argv: string[]): Promise<string> =>
  parseCommandLine(argv).then(
    () => Promise.reject(new Error(`${argv.join(' ')} was accepted`)),
    (error) => {
      expect(error).toMatchObject({ code: 'invalid-argument' });
      expect(error.message).not.toContain('\n');
      return error.message;
    },
  );

describe('the command line of jscp', () => {
  it('has these defaults', async () => {
    expect(await copy('f', 'h:/f')).toEqual({
      plan: {
        direction: 'upload',
        host: 'h',
        user: undefined,
        mappings: [{ source: 'f', target: '/f' }],
        destinationPath: undefined,
      },
      port: undefined,
      identityFile: undefined,
      knownHostsFile: undefined,
      acceptNew: false,
      ratePolicy: undefined,
      congestion: undefined,
      portable: false,
      pathMemory: true,
      connectTimeoutMs: 10_000,
      reconnectTimeoutMs: 600_000,
      receiving: {},
      symlinks: 'follow',
      output: 'progress',
    });
  });

  it('takes every option, before, between and after the operands', async () => {
    const words = '-d /project -P 9000 f -i key -l 1.5G --known-hosts kh --accept-new h:/f --json -r';
    const more =
      '--symlinks=ignore --connect-timeout 2.5 --reconnect none --congestion cubic --datagrams portable --policy high --min-rate 10 --no-path-memory';
    expect(await copy(...`${words} ${more}`.split(' '))).toMatchObject({
      plan: { destinationPath: '/project', mappings: [{ source: 'f', target: '/f' }] },
      port: 9000,
      identityFile: 'key',
      knownHostsFile: 'kh',
      acceptNew: true,
      ratePolicy: { policy: 'high', minimumBitsPerSecond: 1e7, capBitsPerSecond: 1.5e9 },
      congestion: 'cubic',
      pathMemory: false,
      connectTimeoutMs: 2500,
      reconnectTimeoutMs: 0,
      symlinks: 'ignore',
      output: 'json',
    });
  });

  it('takes the value of a short option with or without a space, and lets the last one win', async () => {
    expect(await copy('-P8887', '-l500K', '-d/p', 'f', 'h:f')).toMatchObject({
      port: 8887,
      ratePolicy: { capBitsPerSecond: 500e3 },
      plan: { destinationPath: '/p' },
    });
    expect((await copy('-P', '1', '-P', '2', 'f', 'h:f')).port).toBe(2);
  });

  it('takes a fixed rate, and --max-rate for what -l is', async () => {
    expect((await copy('--policy', 'fixed', '--rate', '300', 'f', 'h:f')).ratePolicy).toEqual({
      policy: 'fixed',
      targetBitsPerSecond: 3e8,
    });
    expect((await copy('--max-rate', '1G', 'f', 'h:f')).ratePolicy).toEqual({ capBitsPerSecond: 1e9 });
  });

  it('keeps operands as they are typed', async () => {
    const { plan } = await copy('--', '-x', '1e3', '007', '-P8', 'h:/d');
    expect(plan.mappings.map(({ source }) => source)).toEqual(['-x', '1e3', '007', '-P8']);
  });

  it.each([
    [['--frobnicate', 'f', 'h:f'], /unknown option --frobnicate/],
    [['--policy', 'fixed', 'f', 'h:f'], /--policy fixed needs --rate/],
    [['--rate', '5M', 'f', 'h:f'], /--rate goes with --policy fixed/],
    [['--policy', 'fixed', '--rate', '5M', '--min-rate', '1M', 'f', 'h:f'], /has no --min-rate/],
    [['--min-rate', '5M', '--max-rate', '1M', 'f', 'h:f'], /--min-rate 5M exceeds --max-rate 1M/],
    [['--max-rate', '7K', 'f', 'h:f'], /--max-rate: "7K" is no rate/],
    [['--policy', 'turbo', 'f', 'h:f'], /policy/],
    [['-Z', 'f', 'h:f'], /unknown option -Z/],
    [['--no-json', 'f', 'h:f'], /unknown option --no-json/],
    [['f', 'h:f', '-P'], /-P needs a value/],
    [['--congestion', 'reno', 'f', 'h:f'], /congestion.*reno/i],
    [['-P', '0', 'f', 'h:f'], /-P 0: a port is/],
    [['-P', '65536', 'f', 'h:f'], /a port is/],
    [['-l', 'fast', 'f', 'h:f'], /"fast" is no rate/],
    [['--connect-timeout', '0', 'f', 'h:f'], /--connect-timeout 0/],
    [
      ['--reconnect', 'never', 'f', 'h:f'],
      /--reconnect never: give seconds above 0 and up to 604800, or none/,
    ],
    [
      ['--connect-timeout', '4000', 'f', 'h:f'],
      /--connect-timeout 4000: give seconds above 0 and up to 3600 \(see/,
    ],
    [['--overwrite', 'sometimes', 'f', 'h:f'], /overwrite.*sometimes/i],
    [['--json', '-q', 'f', 'h:f'], /exclude each other/],
    [['f'], /needs a target/],
    [[], /nothing to copy/],
  ])('refuses %j in one line', async (argv, expected) => {
    expect(await refusal(...argv)).toMatch(expected);
  });

  it('knows what only prints', async () => {
    expect(await parseCommandLine(['--version'])).toEqual({ do: 'print-version' });
    expect(await parseCommandLine(['--print-identity'])).toEqual({ do: 'print-identity' });
  });

  it('has a help text that names every option, the exit codes and no line wider than the terminal', async () => {
    const command = await parseCommandLine(['--help'], 100);
    const text = command.do === 'print-help' ? command.text : '';
    for (const word of [
      '-d',
      '-P',
      '-l',
      '--accept-new',
      '--print-identity',
      ' 13  no space',
      '130  stopped',
    ]) {
      expect(text).toContain(word);
    }
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
