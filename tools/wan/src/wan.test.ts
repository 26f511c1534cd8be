// With real namespaces, devices and processes; the emulator is the built one.
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { inNetworkNamespace } from '@jetstream/platform';
import { afterEach, describe, expect, it } from 'vitest';
import { KEEPER_SCRIPT } from './namespaces/keeper-script.ts';
import { findLack } from './namespaces/requirements.ts';
import { kernelHasNetem } from './netem/kernel-has-netem.ts';
import { openWan, type Wan, type WanEnd } from './open-wan.ts';
import type { WanOptions } from './wan-options.ts';

const COMMAND = fileURLToPath(new URL('../dist/command/main.js', import.meta.url));
const lack = findLack();
const netem = lack === undefined && (await kernelHasNetem());
const needs = lack ? ` (needs root and TUN: ${lack.line})` : '';

/** All of them fit into the buffer of a socket whose process sleeps. */
const DATAGRAMS = 32;
const DATAGRAM_BYTES = 700;
const PACKET_BYTES = DATAGRAM_BYTES + 28;
/** Prints the number and the µs of each datagram, until the one that says so. The clock is that of the machine. */
const RECEIVE = `
const socket = require('node:dgram').createSocket('udp4');
const now = () => Number(process.hrtime.bigint() / 1000n);
const arrivals = [];
socket.on('message', (bytes) => {
  arrivals.push([bytes.readUInt32LE(), now()]);
  if (bytes.readUInt32LE() === ${DATAGRAMS - 1}) { console.log(JSON.stringify(arrivals)); process.exit(); }
});
socket.bind(5000, process.argv[1], () => console.log('ready'));`;
const SEND = `
const socket = require('node:dgram').createSocket('udp4');
const now = () => Number(process.hrtime.bigint() / 1000n);
socket.connect(5000, process.argv[1], () => {
  const firstUs = now();
  for (let number = 0; number < ${DATAGRAMS}; number++) {
    const bytes = Buffer.alloc(${DATAGRAM_BYTES});
    bytes.writeUInt32LE(number);
    socket.send(bytes, () => { if (number === ${DATAGRAMS - 1}) { console.log(firstUs); socket.close(); } });
  }
});`;

let wan: Wan | undefined;
afterEach(async () => {
  await wan?.close();
  wan = undefined;
});

async function open(options: WanOptions): Promise<Wan> {
  wan = await openWan({ backend: 'tun', ...options });
  return wan;
}

function node(end: WanEnd, program: string, ...parameters: string[]): ChildProcess {
  return end.exec([process.execPath, '-e', program, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Sends a burst of datagrams from one end to the other. */
async function burst(from: WanEnd, to: WanEnd): Promise<{ firstUs: number; arrivals: [number, number][] }> {
  const receiver = node(to, RECEIVE, to.address);
  await once(receiver.stdout!, 'data');
  const arrived = text(receiver.stdout!);
  const firstUs = Number(await text(node(from, SEND, to.address).stdout!));
  return { firstUs, arrivals: JSON.parse(await arrived) };
}

describe('a WAN', () => {
  it.skipIf(lack)(
    `of 10 Mbit/s and 20 ms brings datagrams in order, none before its time, and counts them${needs}`,
    async () => {
      const { a, b } = await open({ both: { rateMbitPerSecond: 10, delayMs: 20, queue: { ms: 1000 } } });
      const { firstUs, arrivals } = await burst(a, b);
      expect(arrivals.map(([number]) => number)).toEqual(
        Array.from({ length: DATAGRAMS }, (_, number) => number),
      );
      const packetUs = (PACKET_BYTES * 8) / 10;
      for (const [number, arrivedUs] of arrivals) {
        expect(arrivedUs - firstUs).toBeGreaterThanOrEqual(20_000 + (number + 1) * packetUs);
      }
      await until(async () => (await wan!.report())['a-to-b'].delivered.packets === DATAGRAMS);
      const report = (await wan!.close())!;
      expect(report['a-to-b']).toMatchObject({
        offered: { packets: DATAGRAMS, bytes: DATAGRAMS * PACKET_BYTES },
        delivered: { packets: DATAGRAMS, bytes: DATAGRAMS * PACKET_BYTES },
        droppedByQueue: { packets: 0 },
        droppedAtRandom: { packets: 0 },
        lostByEmulation: 0,
      });
      expect(report['a-to-b'].deepestQueue.bytes).toBeGreaterThanOrEqual(PACKET_BYTES);
      const { deliveredBytes } = report['a-to-b'].series;
      expect(deliveredBytes.reduce((sum, bytes) => sum + bytes, 0)).toBe(DATAGRAMS * PACKET_BYTES);
    },
  );

  it.skipIf(lack)(`loses, in each direction, what it is told to lose while it runs${needs}`, async () => {
    const { a, b } = await open({
      both: { delayMs: 1, queue: { ms: 100 } },
      'b-to-a': { duplicatePercent: 100 },
    });
    await wan!.set('a-to-b', { lossPercent: 100 });
    await text(node(a, SEND, b.address).stdout!);
    await until(async () => (await wan!.report())['a-to-b'].droppedAtRandom.packets === DATAGRAMS);
    await wan!.set('a-to-b', { lossPercent: 0, queue: { bytes: 0 }, rateMbitPerSecond: 0.1 });
    await expect(wan!.set('a-to-b', { lossPercent: 200 })).rejects.toThrow(/loss is 200/);
    await text(node(a, SEND, b.address).stdout!);
    await burst(b, a);
    await until(async () => (await wan!.report())['b-to-a'].delivered.packets >= 2 * DATAGRAMS);
    const report = (await wan!.close())!;
    expect(report['a-to-b'].droppedAtRandom).toEqual({
      packets: DATAGRAMS,
      bytes: DATAGRAMS * PACKET_BYTES,
    });
    expect(report['a-to-b'].droppedByQueue.packets).toBeGreaterThan(DATAGRAMS / 2);
    // Besides the datagrams: what b says by ICMP to those for which nobody listens.
    expect(report['b-to-a'].duplicatedPackets).toBeGreaterThanOrEqual(DATAGRAMS);
    expect(report.changes.map(({ direction, changes }) => [direction, changes])).toEqual([
      ['a-to-b', { lossPercent: 100 }],
      ['a-to-b', { lossPercent: 0, queue: { bytes: 0 }, rateMbitPerSecond: 0.1 }],
    ]);
  });

  it.skipIf(lack)(`is two namespaces that know nothing but each other${needs}`, async () => {
    const { a, b } = await open({});
    const own = readlinkSync('/proc/self/ns/net');
    const inside = [a, b].map(({ name }) =>
      inNetworkNamespace(name, () => readlinkSync('/proc/thread-self/ns/net')),
    );
    expect(new Set([own, ...inside]).size).toBe(3);
    expect(readlinkSync('/proc/thread-self/ns/net')).toBe(own);
    const devices = execFileSync('ip', ['-n', a.name, '-j', 'link', 'show']).toString();
    expect(JSON.parse(devices)).toMatchObject([{ ifname: 'lo' }, { ifname: 'wan0', mtu: 1500 }]);
    expect(execFileSync('ip', ['-n', a.name, 'route', 'show']).toString().trim()).toBe(
      `${b.address} dev wan0 scope link`,
    );
  });

  it.skipIf(lack)(`ends what still runs inside when it is closed${needs}`, async () => {
    const { a } = await open({});
    const deaf = a.exec(['sh', '-c', "trap '' TERM; echo ready; while :; do sleep 1; done"], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(deaf.stdout!, 'data');
    const ended = once(deaf, 'exit');
    await wan!.close();
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(namespaces()).not.toContain(a.name);
  });

  it.skipIf(lack)(`tells when its emulator is killed, and can still be closed${needs}`, async () => {
    const { a } = await open({});
    process.kill(childrenOf(process.pid).find((pid) => commandLine(pid).includes('emulator'))!, 'SIGKILL');
    expect(await wan!.failed).toMatchObject({
      message: expect.stringMatching(/the emulator ended \(SIGKILL\)/),
    });
    await expect(wan!.report()).rejects.toThrow(/the emulator ended/);
    expect(await wan!.close()).toBeUndefined();
    expect(namespaces()).not.toContain(a.name);
  });

  it.skipIf(lack)(`removes its namespaces also when nobody hears that they are ready${needs}`, async () => {
    const name = `jswan-${process.pid}-unheard`;
    const keeper = spawn('sh', ['-c', KEEPER_SCRIPT, 'jswan-keeper', name], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    keeper.stdout.destroy();
    keeper.stdin.end();
    expect(await once(keeper, 'exit')).toEqual([0, null]);
    expect(namespaces()).not.toContain(name);
  });

  it.skipIf(lack)(`removes its namespaces also when what was to do so is killed${needs}`, async () => {
    const { a } = await open({});
    process.kill(
      childrenOf(process.pid).find((pid) => commandLine(pid).includes('jswan-keeper'))!,
      'SIGKILL',
    );
    await wan!.close();
    expect(namespaces()).not.toContain(a.name);
  });
});

describe('a WAN of netem', () => {
  it.runIf(netem)(
    `brings datagrams in order, none before its time, and counts them${netem ? '' : ' (needs a kernel with netem and tbf, and root)'}`,
    async () => {
      const both = { rateMbitPerSecond: 10, delayMs: 20, queue: { ms: 1000 } };
      const { a, b, backend } = await open({ backend: 'netem', both });
      expect(backend).toBe('netem');
      const { firstUs, arrivals } = await burst(a, b);
      expect(arrivals.map(([number]) => number)).toEqual(
        Array.from({ length: DATAGRAMS }, (_, number) => number),
      );
      for (const [, arrivedUs] of arrivals) expect(arrivedUs - firstUs).toBeGreaterThanOrEqual(20_000);
      await wan!.set('a-to-b', { lossPercent: 100 });
      await text(node(a, SEND, b.address).stdout!);
      await until(async () => (await wan!.report())['a-to-b'].droppedAtRandom.packets === DATAGRAMS);
      expect((await wan!.close())!['a-to-b']).toMatchObject({
        offered: { packets: 2 * DATAGRAMS, bytes: 2 * DATAGRAMS * PACKET_BYTES },
        delivered: { packets: DATAGRAMS, bytes: DATAGRAMS * PACKET_BYTES },
        droppedByQueue: { packets: 0 },
        droppedAtRandom: { packets: DATAGRAMS },
      });
      await expect(openWan({ backend: 'netem', both: { jitterMs: 1 } })).rejects.toThrow(
        /use the backend tun/,
      );
    },
  );
});

describe('the command', () => {
  it.skipIf(lack)(
    `runs commands in both ends, reports, and ends with the status of the one in a${needs}`,
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'jswan-'));
      try {
        const json = join(directory, 'report.json');
        const { pid, status, stdout, stderr } = await run([
          ...['--backend', 'tun', '--rate', '10', '--json', json, '--at', '0ms', 'b-to-a:rate=5'],
          ...['--in-b', 'sleep 1000', '--', 'sh', '-c', 'ip -brief address; exit 7'],
        ]);
        expect(status).toBe(7);
        expect(stdout).toContain('198.18.0.1/32');
        expect(stderr).toMatch(
          /^a-to-b: \d+ packets?, .* delivered; 0 dropped by the queue; 0 at random; deepest queue/m,
        );
        const report = JSON.parse(readFileSync(json, 'utf8'));
        expect(report).toMatchObject({
          backend: 'tun',
          changes: [{ direction: 'b-to-a', changes: { rateMbitPerSecond: 5 } }],
          'a-to-b': { options: { rateMbitPerSecond: 10 } },
          'b-to-a': { options: { rateMbitPerSecond: 5 } },
        });
        expect(namespaces().filter((name) => name.startsWith(`jswan-${pid}-`))).toEqual([]);
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  );

  it.skipIf(lack).each(['SIGTERM', 'SIGKILL'] as const)(
    `leaves no namespace, device or process behind when it is ended by %s${needs}`,
    async (signal) => {
      const child = spawn(process.execPath, [COMMAND, '--backend', 'tun', '--', 'sleep', '1000'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child.stderr.setEncoding('utf8');
      for (let said = ''; !said.includes('inside:'); ) said += (await once(child.stderr, 'data'))[0];
      await until(() => childrenOf(child.pid!).some((pid) => commandLine(pid).startsWith('sleep')));
      const children = childrenOf(child.pid!);
      expect(children.length).toBe(3); // the keeper of the namespaces, the emulator, the command
      expect(namespaces()).toContain(`jswan-${child.pid}-a`);
      child.kill(signal);
      await once(child, 'exit');
      // The devices belong to the emulator: without it, and without namespaces, there are none.
      await until(() => children.every((pid) => !existsSync(`/proc/${pid}`) || state(pid) === 'Z'));
      expect(namespaces().filter((name) => name.startsWith(`jswan-${child.pid}-`))).toEqual([]);
    },
  );

  it.runIf(process.geteuid?.() === 0)(
    'says in one line that it needs root, with a status of its own',
    async () => {
      const { status, stderr } = await run(['--', 'true'], { uid: 65_534, gid: 65_534, cwd: '/' });
      expect(stderr).toBe('wan: making network namespaces needs root: run it with sudo\n');
      expect(status).toBe(120);
    },
  );

  it.skipIf(lack)(`names the package when ip is missing${needs}`, async () => {
    const { status, stderr } = await run(['--', 'true'], { env: { PATH: '/nowhere' } });
    expect(stderr).toBe('wan: the command ip is missing: install the package iproute2\n');
    expect(status).toBe(121);
  });
});

/** Runs the command to its end. */
async function run(
  parameters: readonly string[],
  options: SpawnOptions = {},
): Promise<{ pid: number; status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [COMMAND, ...parameters], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  const [status] = await closed;
  return { pid: child.pid!, status, stdout, stderr };
}

function namespaces(): string[] {
  return existsSync('/run/netns') ? readdirSync('/run/netns') : [];
}

function childrenOf(pid: number): number[] {
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return listed === '' ? [] : listed.split(' ').map(Number);
}

function commandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

/** `Z`: ended, and its parent has not asked yet. */
function state(pid: number): string {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
  } catch {
    return 'Z';
  }
}

/** For what nobody tells: that a packet arrived, or a process is gone. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
