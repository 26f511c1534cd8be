import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { ApiCaller, Parameters } from '@jetstream/api';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServerOptions } from '../../contract.ts';
import { apiCaller } from '../../testing/api-caller.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { TestServer } from '../../testing/test-server.ts';
import { Discovery } from './discovery.ts';

const tokenOf = (number: number) => number.toString(16).padStart(32, '0');

/** Calls the commands of a service part. */
class Caller {
  readonly abort = new AbortController();
  readonly #discovery: Discovery;

  constructor(discovery: Discovery) {
    this.#discovery = discovery;
    setMaxListeners(64, this.abort.signal);
  }

  async receive(token: string, caller: Partial<ApiCaller> = {}, timeoutMs = 30_000) {
    const { recvDiscoverPacketAsync } = this.#discovery.commands;
    return recvDiscoverPacketAsync({ token, timeoutMs }, apiCaller(caller), { signal: this.abort.signal });
  }

  async send(parameters: Partial<Parameters<'sendDiscoverPacketAsync'>>, caller: Partial<ApiCaller> = {}) {
    const { sendDiscoverPacketAsync } = this.#discovery.commands;
    const complete = { destinationAddress: '127.0.0.1', destinationPort: 8_886, ...parameters };
    return sendDiscoverPacketAsync(complete, apiCaller(caller), { signal: this.abort.signal });
  }
}

/** A service part without a server, and what it asks of the ports. */
function alone() {
  const asked: string[] = [];
  const clock = new ManualClock();
  const log =
    (what: string) =>
    (token: Uint8Array, ...more: unknown[]) => {
      asked.push(
        [what, Buffer.from(token).toString('hex'), ...more.map((each) => JSON.stringify(each))].join(' '),
      );
    };
  const ports = {
    ports: [8_886, 8_887],
    expectDiscover: log('expect'),
    forgetDiscover: log('forget'),
    sendDiscover: log('send'),
  };
  const discovery = new Discovery(() => ports, clock);
  return { discovery, clock, asked, caller: new Caller(discovery) };
}

describe('discover packets', () => {
  it('are told to the one who waits, the first of several', async () => {
    const { discovery, clock, asked, caller } = alone();
    const [token, bytes] = [tokenOf(1), Uint8Array.from(Buffer.from(tokenOf(1), 'hex'))];
    const waiting = caller.receive(token);
    await expect(caller.receive(token, { account: 'other' })).rejects.toMatchObject({ code: 'conflict' });
    for (const port of [5, 6]) discovery.onDiscovered({ token: bytes, from: { address: '192.0.2.1', port } });
    expect(await waiting).toEqual({ sourceIP: '192.0.2.1', sourcePort: 5 });
    expect(asked).toEqual([`expect ${token}`, `forget ${token}`]);
    expect(clock.isIdle).toBe(true);
  });

  it('are waited for so long, or until nobody asks', async () => {
    const { clock, asked, caller } = alone();
    const late = expect(caller.receive(tokenOf(1), {}, 5_000)).rejects.toMatchObject({
      code: 'host-unreachable',
    });
    await clock.advance(5_000);
    await late;
    const stopped = expect(caller.receive(tokenOf(2))).rejects.toMatchObject({ code: 'cancelled' });
    caller.abort.abort();
    await stopped;
    expect(asked.filter((each) => each.startsWith('forget'))).toHaveLength(2);
    expect(clock.isIdle).toBe(true);
  });

  it('are waited for by so many of one account, and of all', async () => {
    const { caller } = alone();
    const waiting: Promise<unknown>[] = [];
    let number = 0;
    for (let account = 0; account < 8; account++) {
      const who = { account: `user${account}` };
      for (let own = 0; own < 8; own++) waiting.push(caller.receive(tokenOf(number++), who));
      await expect(caller.receive(tokenOf(number), who)).rejects.toMatchObject({ code: 'limit-exceeded' });
    }
    await expect(caller.receive(tokenOf(number), { account: 'more' })).rejects.toMatchObject({
      code: 'limit-exceeded',
    });
    caller.abort.abort();
    expect((await Promise.allSettled(waiting)).every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('[DP-4] go to one host each, from a receive port, ten a second of one account', async () => {
    const { clock, asked, caller } = alone();
    const groups = [
      '0.0.0.0',
      '224.0.0.1',
      '239.255.255.250',
      '255.255.255.255',
      '::',
      'ff02::1',
      '::ffff:e000:1',
    ];
    for (const [at, destinationAddress] of groups.entries()) {
      const refused = caller.send({ destinationAddress }, { account: `user${at}` });
      await expect(refused, destinationAddress).rejects.toMatchObject({ field: 'destinationAddress' });
    }
    await expect(caller.send({ sourcePort: 9 })).rejects.toMatchObject({ field: 'sourcePort' });
    expect(asked).toEqual([]);
    const { token } = await caller.send({ destinationPort: 7, sourcePort: 8_887 });
    expect(asked).toEqual([`send ${token} {"address":"127.0.0.1","port":7} 8887`]);
    for (let count = 1; count < 5; count++) await caller.send({ token });
    await expect(caller.send({})).rejects.toMatchObject({ code: 'limit-exceeded' });
    await caller.send({}, { account: 'other' });
    await clock.advance(200);
    await caller.send({});
    await expect(caller.send({})).rejects.toMatchObject({ code: 'limit-exceeded' });
  });
});

describe('two servers', () => {
  const servers: TestServer[] = [];
  const start = async (options: ServerOptions) => {
    const test = await TestServer.start(options);
    servers.push(test);
    return { caller: new Caller(test.service.parts.discovery), ports: test.server.ports };
  };
  afterEach(async () => {
    for (const test of servers.splice(0)) await test.end();
  });

  it('find each other, one with the portable path, one with several ports and lanes', async () => {
    const one = await start({ portable: true });
    const other = await start({ port: [0, 0], lanes: 4 });
    const [token, back] = [tokenOf(3), tokenOf(4)];
    const found = other.caller.receive(token);
    const answered = one.caller.receive(back);
    // Any of them may be lost, or come before the other thread knows of it.
    const sendUntil = async (come: Promise<unknown>, send: () => Promise<unknown>) => {
      let over = false;
      const end = come.finally(() => (over = true));
      while (!over) {
        await send();
        await Promise.race([end, setTimeout(250)]);
      }
    };
    await sendUntil(found, () => one.caller.send({ destinationPort: other.ports[1]!, token }));
    const { sourceIP, sourcePort } = await found;
    expect([sourceIP, sourcePort]).toEqual(['127.0.0.1', one.ports[0]]);
    const reply = { destinationPort: sourcePort, sourcePort: other.ports[1]!, token: back };
    await sendUntil(answered, () => other.caller.send(reply));
    expect(await answered).toEqual({ sourceIP: '127.0.0.1', sourcePort: other.ports[1] });
  });
});
