// What the simulated suite cannot show: processes that are stopped, ICMP, and what the kernel refuses.
// Longer ones, and those that need a WAN: npm run bench -- rough
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arena, expectEqualTrees, expectOk, type RunningCopy, type ServerProcess } from './support/arena.ts';
import { portOfNobody } from './support/port-of-nobody.ts';

const STOPPED_MS = 2_500;
const SMALLEST_BUFFERS = { JETSTREAM_SOCKET_BUFFER: '1' };

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.create();
});
afterAll(() => arena.close());

describe('a receiver that is stopped and continued', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await arena.startServer();
  });

  it('takes what comes then: an upload', async () => {
    const file = arena.file('stopped-up', 10_000_000);
    const copy = arena.startJscp(server.port, ['-l', '40M', file, '127.0.0.1:/stopped-up']);
    await stopDuring(copy, server.child);
    await expectEqualTrees(file, join(arena.sandbox, 'stopped-up'));
  });

  it('takes what comes then: a download', async () => {
    const served = arena.file('stopped-down', 10_000_000);
    expectOk(await arena.jscp(server.port, [served, '127.0.0.1:/stopped-down']));
    const target = join(arena.base, 'stopped-down');
    const copy = arena.startJscp(server.port, ['-l', '40M', '127.0.0.1:/stopped-down', target]);
    await stopDuring(copy, copy.child);
    await expectEqualTrees(served, target);
  });

  async function stopDuring(copy: RunningCopy, receiver: RunningCopy['child']): Promise<void> {
    await copy.untilAcked(1_000_000);
    receiver.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
    receiver.kill('SIGCONT');
    expectOk(await copy.finished);
  }
});

describe('a copy arrives', () => {
  it.skipIf(process.platform !== 'linux')(
    'when "port unreachable" came first and the server later (looks into /proc/net/snmp: Linux)',
    async () => {
      const port = await portOfNobody();
      const file = arena.file('late', 1_000_000);
      const before = datagramsToNobody();
      const copy = arena.startJscp(port, ['--connect-timeout', '60', file, '127.0.0.1:/late']);
      while (datagramsToNobody() === before) await new Promise((resolve) => setTimeout(resolve, 20));
      await arena.startServer(['--recv-port', String(port)]);
      expectOk(await copy.finished);
      await expectEqualTrees(file, join(arena.sandbox, 'late'));
    },
  );

  it('with the smallest socket buffers that the kernel has, up and down', async () => {
    const file = arena.file('small-buffers', 4_000_000);
    const server = await arena.startServer([], { env: SMALLEST_BUFFERS });
    expectOk(await arena.jscp(server.port, [file, '127.0.0.1:/buffers'], { env: SMALLEST_BUFFERS }));
    await expectEqualTrees(file, join(arena.sandbox, 'buffers'));
    const back = join(arena.base, 'buffers');
    expectOk(await arena.jscp(server.port, ['127.0.0.1:/buffers', back], { env: SMALLEST_BUFFERS }));
    await expectEqualTrees(file, back);
  });

  it('when one end has native functions and the other has none, up and down', async () => {
    const other = process.env.JETSTREAM_PORTABLE === '1' ? '0' : '1';
    const server = await arena.startServer([], { env: { JETSTREAM_PORTABLE: other } });
    const file = arena.file('mixed', 8_000_000);
    expectOk(await arena.jscp(server.port, [file, '127.0.0.1:/mixed']));
    await expectEqualTrees(file, join(arena.sandbox, 'mixed'));
    const back = join(arena.base, 'mixed');
    expectOk(await arena.jscp(server.port, ['127.0.0.1:/mixed', back]));
    await expectEqualTrees(file, back);
  });
});

describe('nobody answers', () => {
  it('is said in one line within the time for connecting, whatever ICMP says', async () => {
    const port = await portOfNobody();
    const { status, stderr } = await arena.jscp(port, [
      ...['--connect-timeout', '1', arena.file('nobody', 1)],
      '127.0.0.1:/nobody',
    ]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^jscp: .*127\.0\.0\.1[^\n]*\n$/);
  });
});

/** `NoPorts` of UDP, proc_pid_net(5): each was answered with "port unreachable". */
function datagramsToNobody(): number {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
    .map((line) => line.split(' '));
  return Number(values![names!.indexOf('NoPorts')]);
}
