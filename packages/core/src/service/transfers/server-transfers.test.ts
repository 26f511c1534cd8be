import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Arguments, COMMANDS, type Result, type TransferStatus } from '@jetstream/api';
import { currentUser } from '@jetstream/platform';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiCaller } from '../../testing/api-caller.ts';
import { ServerPair } from '../../testing/server-pair.ts';
import { TestServer } from '../../testing/test-server.ts';

type Submitted = Result<'send.submitTransfer'>;

const me = apiCaller();
const context = { signal: new AbortController().signal };

let pair: ServerPair;
let sender: TestServer;
let receiver: TestServer;

beforeAll(async () => {
  pair = await ServerPair.start({ maxTransfers: 2 });
  ({ sender, receiver } = pair);
});
afterEach(() => pair.clear());
afterAll(() => pair.end());

/** As the API's server calls it. */
async function call<C extends keyof typeof COMMANDS>(command: C, given: Arguments<C>): Promise<Result<C>> {
  const handler = sender.service.handlers[command as 'send.submitTransfer']!;
  const parameters = COMMANDS[command].parameters.parse(given);
  return (await handler(parameters as never, me, context)) as Result<C>;
}

function submit(
  mappings: string[],
  transfer: Arguments<'send.submitTransfer'>['transfer'] = {},
  destination: Partial<Arguments<'send.createDestination'>> = {},
): Promise<Submitted> {
  return call('send.submitTransfer', {
    destination: { destinationAddress: '127.0.0.1', destinationPort: receiver.server.port, ...destination },
    manifest: { fileMappings: mappings },
    transfer: { destinationPath: '/in', ...transfer },
  });
}

const idOf = ({ transfer }: Submitted) => transfer.transferId;
const get = (transferId: string) => call('send.getTransfer', { transferId });

async function until(transferId: string, ...statuses: TransferStatus[]) {
  for (;;) {
    const transfer = await get(transferId);
    if (statuses.includes(transfer.status)) return transfer;
    await new Promise<void>((resolve) => {
      const stop = sender.service.context.events.subscribe((event) => {
        if (event.transferId !== transferId) return;
        stop();
        resolve();
      });
    });
  }
}

const over = (transferId: string) => until(transferId, 'complete', 'error', 'cancelled');
/** So slow that it takes 4 s and more. */
const slow = { sendRateMax: 8_000 };
const BIG = Buffer.alloc(4_000_000, 'big');

describe('a transfer that a server was given', () => {
  it('is sent as soon as its manifest is complete, with all that is asked for in one call', async () => {
    pair.put('a', 'content');
    const submitted = await submit(['/a:/b'], { userData: { job: 1 }, checkpointFrequencySeconds: null });
    expect(submitted.transfer).toMatchObject({ status: 'pending', userData: { job: 1 }, processing: true });
    const { destinationId, manifestId } = submitted.transfer;
    expect([submitted.destination.destinationId, submitted.manifest.manifestId]).toEqual([
      destinationId,
      manifestId,
    ]);
    expect(await over(idOf(submitted))).toMatchObject({
      ...{ status: 'complete', totalFiles: 1, filesDone: 1, totalBytes: 7, bytesDurable: 7, totalBlocks: 1 },
      ...{ blocksAcked: 1, attempts: 1, errorCode: null, destinationPath: '/in', failures: [] },
    });
    expect(readFileSync(pair.received('b'), 'utf8')).toBe('content');
  });

  it('tells at its end all that went over the network', async () => {
    pair.put('big', BIG);
    const { bytesSent, packetsSent, bytesRecv, packetsRecv, blocksSent, blocksRetransmitted, totalBlocks } =
      await over(idOf(await submit(['/big:/big'])));
    expect(blocksSent - blocksRetransmitted).toBe(totalBlocks);
    expect(bytesSent).toBeGreaterThan(BIG.length);
    expect(packetsSent).toBeGreaterThan(BIG.length / 65_536);
    expect([bytesRecv > 0, packetsRecv > 0]).toEqual([true, true]);
  });

  it('is recorded by its receiver as its own, and sets off a trigger at either end, once', async () => {
    const ran = (server: TestServer) => join(server.base, 'ran');
    for (const [server, event] of [
      [sender, 'send.transferComplete'],
      [receiver, 'recv.transferComplete'],
    ] as const) {
      const path = join(server.directory('triggers'), event);
      writeFileSync(path, `#!/bin/sh\necho "$@" >> '${ran(server)}'\n`, { mode: 0o755 });
    }
    for (const event of ['send.destinationCreated', 'send.destinationDeleted']) {
      const path = join(sender.directory('triggers'), event);
      writeFileSync(path, `#!/bin/sh\necho ${event} "$@" >> '${sender.base}/${event}'\n`, { mode: 0o755 });
    }
    const { destinationId } = await call('send.createDestination', { destinationAddress: 'b.lan' });
    await call('send.deleteDestination', { destinationId });
    pair.put('a', 'content');
    const submitted = await submit(['/a:/b']);
    await over(idOf(submitted));
    const words: string[][] = [];
    for (const server of [sender, receiver]) {
      const lines = () =>
        existsSync(ran(server)) ? readFileSync(ran(server), 'utf8').trim().split('\n') : [];
      const isOurs = (line: string) => line.startsWith(idOf(submitted));
      while (!lines().some(isOurs)) await new Promise<void>((resolve) => setTimeout(resolve, 10));
      words.push(
        ...lines()
          .filter(isOurs)
          .map((line) => line.split(' ')),
      );
    }
    for (const event of ['send.destinationCreated', 'send.destinationDeleted']) {
      const said = join(sender.base, event);
      while (!existsSync(said) || readFileSync(said, 'utf8') === '')
        await new Promise<void>((resolve) => setTimeout(resolve, 10));
      expect(readFileSync(said, 'utf8')).toBe(`${event} b.lan:8886 127.0.0.1:0\n`);
    }
    const { name } = currentUser();
    expect(words).toHaveLength(2);
    const far = `127.0.0.1:${receiver.server.port}`;
    expect(words[0]).toEqual([idOf(submitted), name, '/in', '1', '7', far]);
    expect(words[1]!.slice(0, 5)).toEqual([idOf(submitted), name, join(receiver.sandbox, 'in'), '1', '7']);
    const { commands } = receiver.service.parts.receiving;
    const page = { limit: 1_000, offset: 0 };
    const found = commands['recv.getTransfersAsync'](page, me).filter(
      ({ transferId }) => transferId === idOf(submitted),
    );
    expect(found).toMatchObject([
      {
        ...{ status: 'complete', totalFiles: 1, totalSize: 7, destinationPath: '/in' },
        sourceServerUid: sender.service.context.state.serverUid,
      },
    ]);
    expect(commands['recv.getSourcesAsync'](page, me)).toMatchObject([
      { account: name, destinationPublicKey: found[0]!.sourcePublicKey, activeTransferCount: 0 },
    ]);
  });

  it('is made with all its parts or not at all', async () => {
    const { transfers, manifests } = sender.service.parts;
    const counts = async () => [
      [...transfers.values()].length,
      [...manifests.values()].length,
      (await call('send.getDestinations', {})).length,
    ];
    pair.put('a', 'content');
    await submit(['/a:/b']);
    const before = await counts();
    const wrong = { destination: { destinationAddress: '127.0.0.1', destinationPort: 1 } };
    await expect(submit(['/../a:/b'], {}, wrong.destination)).rejects.toThrow();
    await expect(
      call('send.submitTransfer', { ...wrong, manifestId: '0'.repeat(32), transfer: {} }),
    ).rejects.toMatchObject({ code: 'not-found' });
    expect(await counts()).toEqual(before);
  });

  it('of which a file cannot be read fails by its name, and brings the rest over when it is resumed', async () => {
    pair.put('good', 'good');
    pair.put('gone', 'gone');
    const { manifestId } = await call('send.createManifest', {
      fileMappings: ['/good:/good', '/gone:/gone'],
    });
    expect(await call('send.waitForManifest', { manifestId })).toMatchObject({ status: 'complete' });
    rmSync(join(sender.sandbox, 'gone'));
    const { destinationId } = await call('send.createDestination', {
      destinationAddress: '127.0.0.1',
      destinationPort: receiver.server.port,
    });
    const request = { destinationId, manifestId, destinationPath: '/in' };
    const { transferId } = await call('send.createTransfer', request);
    const failed = await over(transferId);
    expect(failed).toMatchObject({
      status: 'error',
      errorCode: 'transfer-failed',
      filesDone: 1,
      filesFailed: 1,
    });
    expect(failed.failures).toMatchObject([{ source: '/gone', errorCode: 'not-found' }]);
    pair.put('gone', 'gone');
    await call('send.resumeTransfer', { transferId });
    expect(await over(transferId)).toMatchObject({ status: 'complete', attempts: 2, failures: [] });
    expect(readFileSync(pair.received('gone'), 'utf8')).toBe('gone');
  });

  it('is suspended, resumed, failed and cancelled while it is sent', async () => {
    pair.put('big', BIG);
    const [resumed, cancelled] = [
      await submit(['/big:/resumed'], {}, slow),
      await submit(['/big:/cancelled'], {}, slow),
    ];
    await Promise.all([resumed, cancelled].map((one) => until(idOf(one), 'inProgress')));
    const suspended = await call('send.suspendTransfer', { transferId: idOf(resumed) });
    expect(suspended).toMatchObject({ status: 'suspended', processing: false });
    expect(await call('send.cancelTransfer', { transferId: idOf(cancelled) })).toMatchObject({
      status: 'cancelled',
    });
    await expect(call('send.resumeTransfer', { transferId: idOf(cancelled) })).rejects.toMatchObject({
      code: 'conflict',
    });
    const failed = await submit(['/big:/failed'], {}, slow);
    await until(idOf(failed), 'inProgress');
    const errorMessage = 'no longer wanted';
    expect(await call('send.failTransfer', { transferId: idOf(failed), errorMessage })).toMatchObject({
      status: 'error',
      errorMessage,
    });
    await call('send.setSendRateAsync', { transferId: idOf(resumed), sendRateMax: null });
    await call('send.resumeTransfer', { transferId: idOf(resumed) });
    expect(await over(idOf(resumed))).toMatchObject({ status: 'complete', attempts: 2 });
    expect(readFileSync(pair.received('resumed')).equals(BIG)).toBe(true);
    expect(['cancelled', 'failed'].filter((name) => existsSync(pair.received(name)))).toEqual([]);
  });

  it('of lower priority goes first', async () => {
    pair.put('big', BIG);
    pair.put('a', 'content');
    const holding = [await submit(['/big:/0'], {}, slow), await submit(['/big:/1'], {}, slow)];
    await Promise.all(holding.map((one) => until(idOf(one), 'inProgress')));
    const priorities = [300, 100, 200];
    const waiting = [];
    for (const priority of priorities) waiting.push(await submit([`/a:/${priority}`], { priority }));
    await Promise.all(
      waiting.map(({ manifest }) => call('send.waitForManifest', { manifestId: manifest.manifestId })),
    );
    await call('send.updateTransfer', { transferId: idOf(waiting[1]!), priority: 400 });
    for (const one of holding) await call('send.cancelTransfer', { transferId: idOf(one) });
    const ended = await Promise.all(waiting.map((one) => over(idOf(one))));
    expect(ended.map(({ status }) => status)).toEqual(['complete', 'complete', 'complete']);
    const [first, second, third] = ended.map(({ startTime }) => startTime!);
    expect([third! <= first!, first! <= second!]).toEqual([true, true]);
  });

  it('to a destination that is not up yet is sent once it is', async () => {
    pair.put('a', 'content');
    const late = await TestServer.start();
    const { port } = late.server;
    const { commands } = late.service.parts.authorizedClients;
    const clientPublicKey = Buffer.from(sender.service.context.hostKey.publicKey).toString('base64');
    await commands['recv.addAuthorizedClientAsync']({ clientPublicKey, account: currentUser().name });
    await late.server.close();
    const submitted = await submit(['/a:/late'], {}, { destinationPort: port });
    await until(idOf(submitted), 'inProgress');
    expect(await get(idOf(submitted))).toMatchObject({ limiter: 'the destination', rtt: null, bytesSent: 0 });
    await late.startServer({ port });
    expect(await over(idOf(submitted))).toMatchObject({ status: 'complete', attempts: 1 });
    expect(readFileSync(join(late.sandbox, 'in/late'), 'utf8')).toBe('content');
    await late.end();
  });

  it('is waited for at the end of neither server, and goes on by itself, from what is durable', async () => {
    pair.put('big', BIG);
    mkdirSync(join(sender.sandbox, 'd'));
    pair.put('d/a', 'content');
    const runs = await submit(['/big:/big'], { checkpointFrequencySeconds: 0.1 }, slow);
    await until(idOf(runs), 'inProgress');
    const waits = await submit(['/d:/d'], { priority: 5 }, { destinationPort: 9 });
    await call('send.suspendTransfer', { transferId: idOf(waits) });
    while ((await get(idOf(runs))).bytesDurable < 500_000) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const before = await get(idOf(runs));
    // So slow that whoever waited for its end would wait for long.
    await call('send.setSendRateAsync', { transferId: idOf(runs), sendRateMax: 800 });
    await sender.server.drain(600_000);
    await sender.startServer();
    while ((await get(idOf(runs))).rtt === null) await new Promise((resolve) => setImmediate(resolve));
    const { port } = receiver.server;
    await receiver.server.drain(600_000);
    expect(await get(idOf(runs))).toMatchObject({ status: 'inProgress' });
    await receiver.startServer({ port });
    await call('send.setSendRateAsync', { transferId: idOf(runs), sendRateMax: null });
    const after = await over(idOf(runs));
    expect(after).toMatchObject({ status: 'complete', attempts: 2, startTime: before.startTime });
    expect(after.endTime! - after.startTime!).toBeGreaterThan(0);
    expect(readFileSync(pair.received('big')).equals(BIG)).toBe(true);
    expect(await get(idOf(waits))).toMatchObject({ status: 'suspended', attempts: 0 });
  });
});
