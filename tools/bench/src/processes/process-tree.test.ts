import { describe, expect, it } from 'vitest';
import { hasPort } from './bound-ports.ts';
import { cpuSecondsIn, peakResidentIn, processTree, usageOf } from './process-tree.ts';
import { cpuSecondsOfTimes } from './shell-times.ts';

describe('what the system says about a process', () => {
  it('is read from stat, whatever its name', () => {
    const stat = '77 (a ) b) S 1 77 77 0 -1 4194560 100 200 0 0 150 50 30 20 20 0 1 0 99 1000 10 0';
    expect(cpuSecondsIn(stat)).toBe(2.5);
    expect(cpuSecondsIn('')).toBe(0);
  });

  it('is read from status', () => {
    expect(peakResidentIn('Name:\tx\nVmPeak:\t   9000 kB\nVmHWM:\t    2000 kB\n')).toBe(2_048_000);
    expect(peakResidentIn('Name:\tkthreadd\n')).toBe(0);
  });

  it.runIf(process.platform === 'linux')('is that of this very process', () => {
    expect(processTree(process.pid)[0]).toBe(process.pid);
    expect(usageOf([process.pid]).peakResidentBytes).toBeGreaterThan(2 ** 20);
    expect(usageOf([2 ** 30])).toEqual({ cpuSeconds: 0, peakResidentBytes: 0 });
  });
});

describe('the times of a shell', () => {
  it.each([
    ['0m0.010000s 0m0.020000s\n1m2.500000s 0m0.250000s\n', 62.75], // dash
    ['0m0.001s 0m0.002s\n0m1.250s 0m3.000s\n', 4.25], // bash
    ['', 0],
  ])('are %j: %d s of its children', (printed, seconds) => {
    expect(cpuSecondsOfTimes(printed)).toBeCloseTo(seconds, 9);
  });
});

describe('bound ports', () => {
  const table = (state: string): string =>
    `  sl  local_address rem_address   st\n   0: 020012C6:22B6 00000000:0000 ${state} 00000000:00000000\n`;

  it('are those at which somebody waits', () => {
    expect(hasPort(table('0A'), 'tcp', 8886)).toBe(true);
    expect(hasPort(table('01'), 'tcp', 8886)).toBe(false); // a connection
    expect(hasPort(table('07'), 'udp', 8886)).toBe(true);
    expect(hasPort(table('07'), 'udp', 886)).toBe(false);
  });
});
