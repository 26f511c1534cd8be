import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectedClient } from '../client/connected-client.ts';
import type { ClientOptions, Transfer } from '../contract.ts';
import { Server } from '../server/server.ts';
import { Relay } from '../testing/relay.ts';
import { TestServer } from '../testing/test-server.ts';

const CHUNK = 2 ** 20;
const BYTES = 9 * CHUNK + 12_345;
/** Two blocks may be begun before the plan where the round trip is long, or the machine busy. */
const SENT_UNPLANNED = 2 * CHUNK;
/** So that a copy lasts long enough to be interrupted. */
const SLOWLY = { capBitsPerSecond: 20_000_000 };
const FAST = { capBitsPerSecond: 2_000_000_000 };
const OFTEN = { checkpointIntervalMs: 100 };

let test: TestServer;
let content: Buffer;

beforeEach(async () => {
  test = await TestServer.start();
  content = Buffer.alloc(BYTES);
  for (let at = 0; at + 4 <= BYTES; at += 4) content.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  writeFileSync(join(test.source, 'file'), content);
  writeFileSync(join(test.sandbox, 'served'), content);
});
afterEach(() => test.end());

async function connect(options: Partial<ClientOptions> = {}): Promise<ConnectedClient> {
  return (await test.connect({ reconnectTimeoutMs: 0, ...options })) as ConnectedClient;
}

interface Way {
  name: string;
  start(session: ConnectedClient, ratePolicy: typeof SLOWLY): Transfer;
  /** Where the copy comes to stand. */
  directory(): string;
  /** Content that went over the link, and a little more. */
  passed(session: ConnectedClient): number;
}

const UPLOAD: Way = {
  name: 'upload',
  start: (session, ratePolicy) =>
    session.upload({
      mappings: [{ source: join(test.source, 'file'), target: '/up/file' }],
      ...{ ...OFTEN, ratePolicy },
    }),
  directory: () => join(test.sandbox, 'up'),
  passed: (session) => session.link!.session.connection.stats!.bulkBytesSent,
};
const DOWNLOAD: Way = {
  name: 'download',
  start: (session, ratePolicy) =>
    session.download({
      mappings: [{ source: '/served', target: join(test.base, 'down/file') }],
      ...{ ...OFTEN, ratePolicy },
    }),
  directory: () => join(test.base, 'down'),
  passed: (session) => session.link!.session.connection.stats!.bytesReceived,
};

/** A part of it is durable, and recorded. @returns how many bytes are */
async function untilDurable(transfer: Transfer): Promise<number> {
  for await (const { durableBytes } of transfer) if (durableBytes >= 2 * CHUNK) return durableBytes;
  throw new Error('the transfer ended first');
}

async function expectRestOnly({ start, directory, passed }: Way, durable: number): Promise<void> {
  const session = await connect();
  const transfer = start(session, FAST);
  expect(await transfer.done).toMatchObject({ files: 1, failed: 0, bytes: BYTES });
  expect(passed(session)).toBeLessThan((BYTES - durable) * 1.05 + SENT_UNPLANNED);
  expect(readFileSync(join(directory(), 'file')).equals(content)).toBe(true);
  expect(readdirSync(directory())).toEqual(['file']);
}

describe.each([UPLOAD, DOWNLOAD])('an interrupted $name', (way) => {
  it('sends only what was not durable when it is begun again', async () => {
    const transfer = way.start(await connect(), SLOWLY);
    const durable = await untilDurable(transfer);
    await test.server.close();
    await expect(transfer.done).rejects.toThrow();
    expect(readdirSync(way.directory())).toEqual([expect.stringMatching(/^\.file\.jspart-/)]);
    await test.startServer();
    await expectRestOnly(way, durable);
    // Nothing is half done: nothing is kept of downloads.
    await test.disconnect();
    expect(readdirSync(test.directory('client-state/downloads'))).toEqual([]);
  });
});

describe('an interrupted upload', () => {
  it('begins anew, and leaves nothing behind, when its source has changed', async () => {
    const transfer = UPLOAD.start(await connect(), SLOWLY);
    await untilDurable(transfer);
    transfer.cancel();
    await expect(transfer.done).rejects.toMatchObject({ code: 'cancelled' });
    content[BYTES - 1]! ^= 1;
    for (const file of [join(test.source, 'file'), join(test.sandbox, 'served')])
      writeFileSync(file, content);
    await expectRestOnly(UPLOAD, 0);
  });
});

describe('a transfer that has fallen silent', () => {
  it('gives its half files to the one that comes for them', async () => {
    const relay = await Relay.to(test.server.port);
    try {
      const first = UPLOAD.start(await connect({ port: relay.port }), SLOWLY);
      const durable = await untilDurable(first);
      relay.isCut = true;
      await expectRestOnly(UPLOAD, durable);
      first.cancel();
      await expect(first.done).rejects.toThrow();
    } finally {
      relay.close();
    }
  });

  it('does not when it still answers: both arrive', async () => {
    const first = UPLOAD.start(await connect(), SLOWLY);
    await untilDurable(first);
    const second = UPLOAD.start(await connect(), FAST);
    expect(await second.done).toMatchObject({ files: 1, failed: 0 });
    expect(await first.done).toMatchObject({ files: 1, failed: 0 });
    expect(readFileSync(join(test.sandbox, 'up/file')).equals(content)).toBe(true);
    expect(readdirSync(join(test.sandbox, 'up'))).toEqual(['file']);
  });
});

describe('a state directory', () => {
  it('is for one server: a second one refuses to start, and the first one goes on', async () => {
    const stateDirectory = join(test.base, 'state');
    await expect(
      Server.start({ port: 0, host: '127.0.0.1', stateDirectory, logLevel: 'silent', api: false }),
    ).rejects.toMatchObject({ code: 'state-locked', subject: join(stateDirectory, 'level') });
    await UPLOAD.start(await connect(), FAST).done;
  });

  it('that keeps no records does not keep a server from serving', async () => {
    await test.server.close();
    const stateDirectory = test.directory('other-state');
    writeFileSync(join(stateDirectory, 'level'), 'not a directory');
    writeFileSync(join(stateDirectory, 'authorized_keys'), readFileSync(test.authorizedKeys), {
      mode: 0o600,
    });
    await test.startServer({ stateDirectory });
    await UPLOAD.start(await connect(), FAST).done;
  });
});
