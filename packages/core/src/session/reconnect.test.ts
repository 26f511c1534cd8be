// Beside the session, not the client: what happens to links is the same with native functions and without.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Dialler } from '../client/dialler.ts';
import type { ClientOptions, ClientSession, Transfer, TransferProgress } from '../contract.ts';
import { HURRIED_CLOCK } from '../testing/hurried-clock.ts';
import { Relay } from '../testing/relay.ts';
import { TestServer } from '../testing/test-server.ts';

const BYTES = 6_000_000;
/** So that a copy lasts long enough for something to happen to it. */
const RATE = { capBitsPerSecond: 60_000_000 };

let test: TestServer;
let relay: Relay;
let session: ClientSession;
let content: Buffer;

beforeEach(async () => {
  test = await TestServer.start();
  relay = await Relay.to(test.server.port);
  content = Buffer.alloc(BYTES, 'JetStream');
  writeFileSync(join(test.source, 'file'), content);
});
afterEach(async () => {
  vi.restoreAllMocks();
  relay.isCut = false;
  await test.end();
  relay.close();
});

async function connect(options: Partial<ClientOptions> = {}): Promise<void> {
  session = await test.connect({ port: relay.port, ratePolicy: RATE, ...options }, HURRIED_CLOCK);
}

function upload(): Transfer {
  return session.upload({ mappings: [{ source: join(test.source, 'file'), target: '/file' }] });
}

/** What to download, put there without JetStream. */
function download(): Transfer {
  writeFileSync(join(test.sandbox, 'served'), content);
  return session.download({ mappings: [{ source: '/served', target: join(test.base, 'file') }] });
}

async function until(transfer: Transfer, holds: (progress: TransferProgress) => boolean): Promise<void> {
  for await (const progress of transfer) if (holds(progress)) return;
  throw new Error('the transfer ended first');
}

const isUnderWay = ({ ackedBytes }: TransferProgress) => ackedBytes > 0;
const isReconnecting = ({ state }: TransferProgress) => state === 'reconnecting';

function notesOf(transfer: Transfer): string[] {
  const notes: string[] = [];
  transfer.on('note', (note) => notes.push(note));
  return notes;
}

/** As `kill -9`, and a start again: nobody hears a word of the old one. */
async function replaceServer(): Promise<void> {
  relay.isCut = true;
  await test.server.close();
  await test.startServer();
  relay.serverPort = test.server.port;
  relay.isCut = false;
}

describe('a server that was killed and started again', () => {
  it.each([
    { direction: 'an upload', start: upload, copy: () => join(test.sandbox, 'file') },
    { direction: 'a download', start: download, copy: () => join(test.base, 'file') },
  ])('is found during $direction, which goes on at the rate it was given', async ({ start, copy }) => {
    await connect();
    const found = vi.spyOn(Dialler.prototype, 'find');
    const transfer = start();
    const notes = notesOf(transfer);
    await until(transfer, isUnderWay);
    const policy = { policy: 'low', capBitsPerSecond: 80_000_000 } as const;
    expect(await transfer.setRatePolicy(policy)).toEqual(policy);
    await replaceServer();
    expect(await transfer.done).toMatchObject({ files: 1, failed: 0, bytes: BYTES });
    expect(readFileSync(copy()).equals(content)).toBe(true);
    // More are of what was resumed.
    expect(notes.slice(0, 2)).toEqual([
      expect.stringContaining('connecting again'),
      'connected again: going on',
    ]);
    expect(found).toHaveBeenCalled();
    const { progress } = transfer;
    expect(progress).toMatchObject({
      state: 'complete',
      ackedBytes: BYTES,
      filesDone: 1,
      ratePolicy: policy,
    });
  });
});

describe('a path that is cut for a while', () => {
  it('is used again by the same connection', async () => {
    await connect();
    const transfer = upload();
    const notes = notesOf(transfer);
    await until(transfer, isUnderWay);
    relay.isCut = true;
    const before = relay.received;
    // Attempts on the side are under way.
    while (relay.received < before + 20) await new Promise((resolve) => setTimeout(resolve, 20));
    relay.isCut = false;
    expect(await transfer.done).toMatchObject({ files: 1, failed: 0 });
    expect(notes).toEqual([]);
  });
});

describe('a server that is closed', () => {
  it('and started again is connected to again', async () => {
    await connect();
    const transfer = upload();
    await until(transfer, isUnderWay);
    await test.server.close();
    await until(transfer, isReconnecting);
    expect(transfer.progress.waitsFor).toMatch(
      /^the link to 127\.0\.0\.1, lost \d+ s ago; trying for .* more$/,
    );
    await test.startServer();
    relay.serverPort = test.server.port;
    expect(await transfer.done).toMatchObject({ files: 1, failed: 0 });
    expect(readFileSync(join(test.sandbox, 'file')).equals(content)).toBe(true);
  });

  it('for good is given up in time, with what was said first', async () => {
    await connect({ reconnectTimeoutMs: 4_000 });
    const transfer = upload();
    await until(transfer, isUnderWay);
    await test.server.close();
    await expect(transfer.done).rejects.toMatchObject({
      code: 'server-closing',
      message: expect.stringContaining('could not be reached again within 4 s'),
    });
    await expect(upload().done).rejects.toMatchObject({ code: 'server-closing' });
  });

  it('ends the copy at once where no lost link is to be ridden out', async () => {
    await connect({ reconnectTimeoutMs: 0 });
    const transfer = upload();
    await until(transfer, isUnderWay);
    await test.server.close();
    await expect(transfer.done).rejects.toMatchObject({ code: 'server-closing' });
  });

  it('leaves a copy that can be stopped while it waits', async () => {
    await connect();
    const transfer = upload();
    await until(transfer, isUnderWay);
    await test.server.close();
    await until(transfer, isReconnecting);
    transfer.cancel();
    await expect(transfer.done).rejects.toMatchObject({ code: 'cancelled' });
    expect(transfer.progress.state).toBe('cancelled');
  });

  it('ends the copy when it does not let the user in any more', async () => {
    await connect();
    const transfer = upload();
    await until(transfer, isUnderWay);
    await test.server.close();
    writeFileSync(test.authorizedKeys, '', { mode: 0o600 });
    await test.startServer();
    relay.serverPort = test.server.port;
    await expect(transfer.done).rejects.toMatchObject({ code: 'login-refused' });
  });

  it('while nothing is under way is connected to again by the next copy', async () => {
    await connect();
    await upload().done;
    await replaceServer();
    expect(await upload().done).toMatchObject({ files: 1, failed: 0 });
  });

  it('lets what runs end first, while what is begun meanwhile waits for the next server', async () => {
    await connect();
    const running = upload();
    await until(running, isUnderWay);
    const drained = test.server.drain();
    const late = download();
    await until(late, isReconnecting);
    expect(await running.done).toMatchObject({ failed: 0 });
    await drained;
    await test.startServer();
    relay.serverPort = test.server.port;
    expect(await late.done).toMatchObject({ failed: 0 });
    expect(readFileSync(join(test.base, 'file')).equals(content)).toBe(true);
  });
});
