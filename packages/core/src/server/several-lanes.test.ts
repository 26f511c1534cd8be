import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../client/client.ts';
import { TestServer } from '../testing/test-server.ts';

/** Passes datagrams on to a port, and takes another port of its own for it from time to time, as a NAT might. */
class ChangingAddress {
  readonly #front = createSocket('udp4');
  readonly #serverPort: number;
  readonly #everyDatagrams: number;
  #back: Socket | undefined;
  #passed = 0;
  #client = 0;
  changes = -1;

  constructor(serverPort: number, everyDatagrams: number) {
    this.#serverPort = serverPort;
    this.#everyDatagrams = everyDatagrams;
    this.#front.on('message', (datagram, { port }) => {
      this.#client = port;
      if (this.#passed++ % this.#everyDatagrams === 0) this.#changeAddress();
      this.#back?.send(datagram, this.#serverPort, '127.0.0.1');
    });
  }

  async listen(): Promise<number> {
    this.#front.bind(0, '127.0.0.1');
    await once(this.#front, 'listening');
    return this.#front.address().port;
  }

  close(): void {
    this.#front.close();
    this.#back?.close();
  }

  #changeAddress(): void {
    this.changes++;
    this.#back?.close();
    this.#back = createSocket('udp4');
    this.#back.on('message', (datagram) => this.#front.send(datagram, this.#client, '127.0.0.1'));
  }
}

describe('a server with several lanes', () => {
  const ends: (() => void | Promise<void>)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  it('serves many clients, whichever lane the system gives them to', async () => {
    const test = await TestServer.start({ lanes: 3 });
    ends.push(() => test.end());
    writeFileSync(join(test.source, 'file'), 'x'.repeat(50_000));
    const sessions = await Promise.all(Array.from({ length: 6 }, () => test.connect()));
    const mappings = (index: number) => [{ source: test.source, target: `/copy-${index}` }];
    await Promise.all(sessions.map((session, index) => session.upload({ mappings: mappings(index) }).done));
    for (const index of sessions.keys()) {
      expect(readFileSync(join(test.sandbox, `copy-${index}`, 'file'))).toHaveLength(50_000);
    }
  });

  it('keeps a connection whose packets come out at another lane when its address changed', async () => {
    const test = await TestServer.start({ lanes: 4 });
    ends.push(() => test.end());
    const content = Buffer.alloc(3_000_000, 'content');
    writeFileSync(join(test.source, 'file'), content);
    const path = new ChangingAddress(test.server.port, 20);
    const port = await path.listen();
    ends.push(() => path.close());
    const session = await Client.connect({
      host: '127.0.0.1',
      port,
      configDirectory: test.config,
      unknownHost: 'accept-new',
    });
    ends.push(() => session.close());
    await session.upload({ mappings: [{ source: test.source, target: '/moved' }] }).done;
    expect(readFileSync(join(test.sandbox, 'moved', 'file')).equals(content)).toBe(true);
    expect(path.changes).toBeGreaterThan(0);
  });
});
