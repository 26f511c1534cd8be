import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentUser } from '@jetstream/platform';
import { Direction, EntryKind, ERROR_CODES, NO_CREDENTIALS, type TransferMessage } from '@jetstream/protocol';
import { chunkDigest, loadBlake3 } from '@jetstream/storage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlockMemory } from '../block-memory.ts';
import { RawClient } from '../testing/raw-client.ts';
import { TestServer } from '../testing/test-server.ts';

type Body = NonNullable<TransferMessage['body']>;

const UPLOAD: Body = {
  $case: 'open',
  value: {
    direction: Direction.UPLOAD,
    destinationPath: '',
    sourcePaths: [],
    followSymlinks: true,
    receiving: undefined,
    verify: false,
    preserve: false,
    transferId: new Uint8Array(),
  },
};
const ALL = new Uint8Array(0);
const CONTENT = new TextEncoder().encode('content');

function manifest(...paths: string[]): Body {
  const entries = paths.map((targetPath) => ({
    kind: EntryKind.FILE,
    targetPath,
    size: CONTENT.length,
    mtimeSeconds: 1_700_000_000,
    mtimeNanoseconds: 0,
    executable: false,
    sourceInode: 1,
    permissions: undefined,
  }));
  return { $case: 'manifestBatch', value: { firstIndex: 0, entries } };
}

function manifestEnd(files: number): Body {
  return { $case: 'manifestEnd', value: { entries: files, files, bytes: files * CONTENT.length } };
}

describe('a server', () => {
  let test: TestServer;
  let client: RawClient;

  beforeEach(async () => {
    test = await TestServer.start();
    client = await RawClient.connect(test);
  });

  afterEach(async () => {
    await client.end();
    await test.end();
  });

  /** Another client's honest copy still works. */
  async function serverIsUnharmed(): Promise<void> {
    const session = await test.connect();
    const summary = await session.upload({ mappings: [{ source: test.config, target: '/after' }] }).done;
    expect(summary.failed).toBe(0);
  }

  it('[LG-1] acts on no transfer before the login succeeded', async () => {
    const { port } = client.openTransfer(1);
    port.send(UPLOAD);
    port.send(manifest('/early'));
    client.session.sendControl({
      body: { $case: 'login', value: { user: currentUser().name, ...NO_CREDENTIALS } },
    });
    const answer = await client.hear();
    expect(answer.body).toMatchObject({
      $case: 'loginResult',
      value: { errorCode: ERROR_CODES['login-refused'].wire },
    });
    expect(readdirSync(test.sandbox)).toEqual([]);
    await serverIsUnharmed();
  });

  it('[LG-3] closes on a fourth login of one connection', async () => {
    for (let attempt = 0; attempt < 4; attempt++) {
      client.session.sendControl({
        body: { $case: 'login', value: { user: 'nobody-here', ...NO_CREDENTIALS } },
      });
    }
    expect(await client.closed()).toMatchObject({ code: 'login-refused' });
    await serverIsUnharmed();
  });

  it('closes on a login after the login', async () => {
    await client.logIn(test);
    client.session.sendControl({ body: { $case: 'login', value: { user: 'root', ...NO_CREDENTIALS } } });
    expect(await client.closed()).toMatchObject({ code: 'protocol-violation' });
  });

  it('closes when a transfer begins with something else than its opening', async () => {
    await client.logIn(test);
    client.openTransfer(1).port.send(manifestEnd(0));
    expect(await client.closed()).toMatchObject({ code: 'protocol-violation' });
    await serverIsUnharmed();
  });

  it('[TR-1] refuses a target that leads out of the sandbox, by name, and takes the others', async () => {
    await client.logIn(test);
    const { port, hear } = client.openTransfer(1);
    port.send(UPLOAD);
    port.send(manifest('/../escaped', '/good'));
    port.send(manifestEnd(2));
    await sendContent(port, 2);
    const results = new Map<number, number>();
    for (;;) {
      const { body } = await hear();
      if (body?.$case === 'entryResults')
        for (const { index, errorCode } of body.value.results) results.set(index, errorCode);
      if (body?.$case === 'complete') break;
    }
    expect(results.get(0)).toBe(ERROR_CODES['path-refused'].wire);
    expect(results.get(1)).toBe(0);
    expect(existsSync(join(test.base, 'escaped'))).toBe(false);
    expect(readFileSync(join(test.sandbox, 'good'), 'utf8')).toBe('content');
  });

  it('[TR-4] [TR-5] says complete after the last result, with every file under its name, and takes the answer', async () => {
    await client.logIn(test);
    const { port, hear } = client.openTransfer(1);
    port.send(UPLOAD);
    port.send(manifest('/a', '/b', '/c'));
    port.send(manifestEnd(3));
    await sendContent(port, 3);
    let results = 0;
    for (;;) {
      const { body } = await hear();
      if (body?.$case === 'entryResults') results += body.value.results.length;
      if (body?.$case !== 'complete') continue;
      expect(results).toBe(3);
      expect(readdirSync(test.sandbox).sort()).toEqual(['a', 'b', 'c']);
      expect(body.value).toMatchObject({ files: 3, failed: 0 });
      port.send(body);
      break;
    }
    await serverIsUnharmed();
  });

  it('[TR-2] fails the transfer on a manifest out of order and leaves nothing behind', async () => {
    await client.logIn(test);
    const { port, hear } = client.openTransfer(1);
    port.send(UPLOAD);
    port.send({ $case: 'manifestBatch', value: { firstIndex: 7, entries: [] } });
    for (;;) {
      const { body } = await hear();
      if (body?.$case !== 'failed') continue;
      expect(body.value.errorCode).toBe(ERROR_CODES['protocol-violation'].wire);
      break;
    }
    expect(readdirSync(test.sandbox)).toEqual([]);
    await serverIsUnharmed();
  });

  it('[DI-1] [DI-2] asks once more for a block that differs from its digests, then fails its files', async () => {
    await client.logIn(test);
    const { port, hear } = client.openTransfer(1);
    port.send(UPLOAD);
    port.send(manifest('/spoiled'));
    port.send(manifestEnd(1));
    const digests = new Uint8Array(32).fill(7);
    const { connection } = client.session;
    const memory = new BlockMemory(4);
    connection.openBulkSender(1, memory);
    const offer = () => {
      port.send({
        $case: 'blockDigests',
        value: { block: 0, byteLength: CONTENT.length, digests, uses: ALL },
      });
      const block = memory.acquire()!;
      block.set(CONTENT);
      connection.offerBlock(1, 0, block, CONTENT.length);
    };
    offer();
    let asked = 0;
    for (;;) {
      const { body } = await hear();
      if (body?.$case === 'blockRequest') {
        asked++;
        offer();
      }
      if (body?.$case !== 'entryResults') continue;
      expect(body.value.results[0]?.errorCode).toBe(ERROR_CODES['digest-mismatch'].wire);
      break;
    }
    expect(asked).toBe(1);
    expect(readdirSync(test.sandbox)).toEqual([]);
  });

  it('removes partial files when a client vanishes in the middle', async () => {
    await client.logIn(test);
    const { port, hear } = client.openTransfer(1);
    port.send(UPLOAD);
    port.send(manifest('/half'));
    await hear();
    client.session.close('none', '');
    await test.server.drain();
    expect(readdirSync(test.sandbox)).toEqual([]);
  });

  async function sendContent(
    port: ReturnType<RawClient['openTransfer']>['port'],
    files: number,
  ): Promise<void> {
    const blake3 = await loadBlake3();
    const memory = new BlockMemory(1);
    const bytes = memory.acquire()!;
    const byteLength = files * CONTENT.length;
    const digests = new Uint8Array(files * 32);
    for (let file = 0; file < files; file++) {
      bytes.set(CONTENT, file * CONTENT.length);
      digests.set(chunkDigest(blake3, CONTENT), file * 32);
    }
    const { connection } = client.session;
    port.send({ $case: 'blockDigests', value: { block: 0, byteLength, digests, uses: ALL } });
    connection.openBulkSender(port.transfer, memory);
    connection.offerBlock(port.transfer, 0, bytes, byteLength);
  }
});
