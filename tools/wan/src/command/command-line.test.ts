import { describe, expect, it } from 'vitest';
import { parseCommandLine, type WanCommand } from './command-line.ts';
import { USAGE } from './usage.ts';

function parsed(line: string, command: string[] = []): WanCommand {
  const result = parseCommandLine([...line.split(' ').filter((word) => word !== ''), ...command]);
  if (result === 'help') throw new Error('unexpected help');
  return result;
}

describe('the command line', () => {
  it('may be empty', () => {
    expect(parsed('')).toEqual({
      options: { both: {} },
      steps: [],
      inA: undefined,
      inB: undefined,
      jsonFile: undefined,
      quiet: false,
    });
  });

  it('sets both directions, and each on its own', () => {
    expect(
      parsed('--rate 500 --rtt 100 --queue 100ms --a-to-b loss=1 --b-to-a rate=5,delay=10ms').options,
    ).toEqual({
      both: { rateMbitPerSecond: 500, delayMs: 50, queue: { ms: 100 } },
      'a-to-b': { lossPercent: 1 },
      'b-to-a': { rateMbitPerSecond: 5, delayMs: 10 },
    });
  });

  it('takes the changes in the order of time', () => {
    expect(parsed('--at 8s loss=0 --at 3s b-to-a:loss=100').steps).toEqual([
      { atMs: 3000, direction: 'b-to-a', changes: { lossPercent: 100 } },
      { atMs: 8000, direction: 'both', changes: { lossPercent: 0 } },
    ]);
  });

  it('leaves what comes after -- to the command', () => {
    const { inA, inB } = parsed('--in-b', ['iperf3 -s', '--', 'iperf3', '-c', '--rate', 'x']);
    expect(inA).toEqual(['iperf3', '-c', '--rate', 'x']);
    expect(inB).toEqual(['sh', '-c', 'iperf3 -s']);
  });

  it('takes the rest', () => {
    expect(
      parsed('--seed 5 --bucket 10ms --backend tun --granularity 0.5ms --json out.json -q'),
    ).toMatchObject({
      options: { seed: 5, bucketMs: 10, backend: 'tun', granularityMs: 0.5 },
      jsonFile: 'out.json',
      quiet: true,
    });
  });

  it.each([
    ['--speed 5', /--speed/],
    ['iperf3', /"iperf3"\? A command comes after --/],
    ['--at 5s', /--at wants a time and changes/],
    ['--at 5 rate=1', /"5" is no time/],
    ['--at 5s --at 6s rate=1', /--at wants/],
    ['--rtt 100 --delay 50', /exclude each other/],
    ['--in-a x -- y', /exclude each other/],
    ['--rate 0', /rate is 0; it may be 0.001 to 100000 Mbit\/s/],
    ['--loss 101', /loss is 101; it may be 0 to 100 %/],
    ['--a-to-b delay=2min', /delay is 120000; it may be 0 to 60000 ms/],
    ['--burst-loss 0/5', /may be 1 to/],
    ['--backend x', /auto, tun or netem/],
    ['--seed -1', /--seed|seed/],
    ['--bucket 0ms', /interval of the series is 0; it may be 1 to 10000 ms/],
  ])('refuses %s in one line', (line, message) => {
    expect(() => parsed(line)).toThrow(message);
    expect(() => parsed(line)).toThrow(/^[^\n]*$/);
  });

  it('has a help that names every setting', () => {
    expect(parseCommandLine(['--help'])).toBe('help');
    expect(USAGE).toMatch(/--burst-loss .*GOOD\/BAD/);
    for (const line of USAGE.split('\n')) expect(line.length).toBeLessThan(110);
  });
});
