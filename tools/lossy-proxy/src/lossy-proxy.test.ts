import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LossyProxy, startLossyProxy } from './lossy-proxy.mjs';

let server: Socket;
let client: Socket;
let proxy: LossyProxy;
const senders = new Set<number>();

/** A server that answers each datagram with the same bytes. */
beforeEach(async () => {
  senders.clear();
  server = createSocket('udp4');
  server.on('message', (datagram, { port, address }) => {
    senders.add(port);
    server.send(datagram, port, address);
  });
  client = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  client.bind(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(client, 'listening')]);
});
afterEach(() => {
  for (const socket of [server, client, proxy]) socket.close();
});

async function start(options: object): Promise<void> {
  proxy = await startLossyProxy({ serverPort: server.address().port, ...options });
}

async function echo(text: string): Promise<string> {
  const answer = once(client, 'message');
  client.send(text, proxy.port, '127.0.0.1');
  const [datagram] = await answer;
  return String(datagram);
}

describe('the lossy proxy', () => {
  it('passes datagrams both ways', async () => {
    await start({});
    expect(await echo('hello')).toBe('hello');
    expect(proxy.counts).toMatchObject({ forwarded: 2, lost: 0 });
  });

  it('shows the server a new address after a rebinding, and goes on', async () => {
    await start({ delayMs: 1 });
    await echo('one');
    proxy.rebind();
    expect(await echo('two')).toBe('two');
    expect(senders.size).toBe(2);
  });

  it('swallows what is too large', async () => {
    await start({ maxDatagramBytes: 1472 });
    client.send(Buffer.alloc(1473), proxy.port, '127.0.0.1');
    expect(await echo('x'.repeat(1472))).toHaveLength(1472);
    expect(proxy.counts.tooLarge).toBe(1);
  });

  it('duplicates', async () => {
    await start({ duplicate: 1 });
    const copies: string[] = [];
    const four = new Promise<void>((resolve) => {
      client.on('message', (datagram) => {
        copies.push(String(datagram));
        if (copies.length === 4) resolve();
      });
    });
    client.send('x', proxy.port, '127.0.0.1');
    await four;
    expect(copies).toEqual(['x', 'x', 'x', 'x']);
  });
});
