// The built command with real namespaces, devices and processes, and a copy that is small.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findLack } from '@jetstream/wan';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const COMMAND = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const lack = findLack();
const needs = lack ? ` (needs root and TUN: ${lack.line})` : '';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-bench-test-'));
});
afterEach(() => rmSync(base, { recursive: true }));

const bench = (...parameters: string[]) => promisify(execFile)(process.execPath, [COMMAND, ...parameters]);

describe('npm run bench', () => {
  it.skipIf(lack)(`measures a copy, leaves results and nothing else${needs}`, async () => {
    const [output, files] = [join(base, 'results'), join(base, 'files')];
    const run = ['trial', '--runs', '1', '--peers', 'jetstream', '--output', output, '--disk', files];
    const { stdout } = await bench(...run);
    expect(stdout).toMatch(/^\| jetstream +\| +[\d.]+ \(/m);
    expect(readdirSync(output).sort()).toEqual([
      'trial-100-mbit-s-jetstream-1.svg',
      'trial.json',
      'trial.md',
    ]);
    const { runs, machine } = JSON.parse(readFileSync(join(output, 'trial.json'), 'utf8'));
    expect(machine.cores).toBeGreaterThan(0);
    expect(runs).toHaveLength(1);
    expect(runs[0].result).toMatchObject({ outcome: 'copied', bytes: 4 * 2 ** 20 });
    expect(runs[0].result.wan.sentBytes).toBeGreaterThan(4 * 2 ** 20);
    for (const end of ['sender', 'receiver']) {
      expect(runs[0].result[end].cpuSeconds).toBeGreaterThan(0);
      expect(runs[0].result[end].peakResidentBytes).toBeGreaterThan(2 ** 20);
    }
    expect(readdirSync(files)).toEqual([]);
  });

  it.skipIf(lack)(
    `measures the second copy of an unchanged tree, which sends none of it${needs}`,
    async () => {
      const result = await resultOf('trial-again', '--peers', 'jetstream');
      expect(result).toMatchObject({ outcome: 'copied', says: { 'content sent, B': 0 } });
      expect(result.sentBytes).toBeGreaterThan(0);
    },
  );

  it.skipIf(lack)(`measures that a sparse file stays sparse${needs}`, async () => {
    const result = await resultOf('sparse-1t');
    expect(result).toMatchObject({ outcome: 'copied', bytes: 2 ** 40 });
    expect(result.allocatedBytes).toBeGreaterThanOrEqual(10 * 2 ** 20);
    expect(result.allocatedBytes).toBeLessThan(21 * 2 ** 20);
  });

  it.skipIf(lack)(`measures what is sent twice when a copy is killed at half${needs}`, async () => {
    const result = await resultOf('trial-resume');
    expect(result.outcome).toBe('copied');
    expect(result.keptBytes).toBeGreaterThan(0);
    expect(result.sentTwiceBytes).toBeLessThan(result.arrivedBytes);
  });

  it.skipIf(lack)(
    `measures lists of stored transfers, and a copy while API clients ask${needs}`,
    async () => {
      await bench(
        'trial-api',
        '--runs',
        '1',
        '--output',
        join(base, 'results'),
        '--disk',
        join(base, 'files'),
      );
      const { runs } = JSON.parse(readFileSync(join(base, 'results', 'trial-api.json'), 'utf8'));
      expect(Object.values(runs[0].figures).every(Number.isFinite)).toBe(true);
      expect(runs[0].figures).toMatchObject({
        'list, median, s': expect.any(Number),
        'rate lost, share': expect.any(Number),
        'answers a second': expect.any(Number),
      });
    },
  );

  it.skipIf(lack)(`leaves no namespace, process or file behind when it is killed${needs}`, async () => {
    const files = join(base, 'files');
    const parameters = ['trial', '--runs', '1', '--peers', 'jetstream', '--disk', files];
    const child = spawn(process.execPath, [COMMAND, ...parameters], { cwd: base, stdio: 'ignore' });
    const namespaces = () =>
      readdirSync('/run/netns').filter((name) => name.startsWith(`jswan-${child.pid}-`));
    await until(() => existsSync('/run/netns') && namespaces().length === 2 && existsSync(files));
    child.kill('SIGKILL');
    await until(() => namespaces().length === 0 && readdirSync(files).length === 0);
  });

  it.skipIf(lack).each(['ICMP unreachable', 'GSO refused'])(
    `takes a copy through bad surroundings: %s${needs}`,
    async (name) => {
      const [output, files] = [join(base, 'results'), join(base, 'files')];
      const run = ['rough', '--surroundings', name, '--runs', '1', '--output', output, '--disk', files];
      expect((await bench(...run)).stdout).toMatch(/^\| .* equal bytes \|/m);
      const { result } = JSON.parse(readFileSync(join(output, 'rough.json'), 'utf8')).runs[0];
      expect(result.outcome).toBe('copied');
      for (const peak of [result.senderPeakBytes, result.receiverPeakBytes]) {
        expect(peak).toBeGreaterThan(2 ** 20);
        expect(peak).toBeLessThan(250e6);
      }
    },
  );

  it('lists cases and contenders, also without root', async () => {
    const { stdout } = await bench('--list');
    expect(stdout).toMatch(/^ {2}wan-256m +256 MiB over 500 Mbit\/s/m);
    expect(stdout).toMatch(/^ {2}rsync-bbr /m);
  });

  it('refuses a case that it does not have', async () => {
    await expect(bench('nonsense')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no case "nonsense"'),
    });
  });

  it.runIf(process.geteuid?.() === 0)('says in one line that it needs root', async () => {
    const asNobody = { uid: 65_534, gid: 65_534, cwd: '/' };
    await expect(promisify(execFile)(process.execPath, [COMMAND, 'trial'], asNobody)).rejects.toMatchObject({
      code: 3,
      stderr: 'bench: making network namespaces needs root: run it with sudo\n',
    });
  });
});

/** Of the only run of a case. */
async function resultOf(...parameters: string[]) {
  const output = join(base, 'results');
  await bench(...parameters, '--runs', '1', '--output', output, '--disk', join(base, 'files'));
  return JSON.parse(readFileSync(join(output, `${parameters[0]}.json`), 'utf8')).runs[0].result;
}

/** For what nobody tells: that something is there, or gone. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
