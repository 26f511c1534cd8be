import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TransferProgress } from '../contract.ts';
import { TestServer } from '../testing/test-server.ts';
import { Client } from './client.ts';

describe('a client', () => {
  let test: TestServer;

  beforeEach(async () => {
    test = await TestServer.start();
  });

  afterEach(async () => {
    await test.end();
  });

  const options = () => ({ host: '127.0.0.1', port: test.server.port, configDirectory: test.config });

  it('uploads and downloads a tree, with progress to its end and an outcome for each file', async () => {
    mkdirSync(join(test.source, 'deep/empty'), { recursive: true });
    writeFileSync(join(test.source, 'deep/file'), 'x'.repeat(3_000_000));
    writeFileSync(join(test.source, 'nothing'), '');
    const session = await test.connect();
    const upload = session.upload({ mappings: [{ source: test.source, target: '/tree' }] });
    const files: string[] = [];
    upload.on('file', ({ target, digest }) => files.push(`${target} ${digest?.length}`));
    let last: TransferProgress | undefined;
    for await (const progress of upload) last = progress;
    expect(last).toMatchObject({ state: 'complete', durableBytes: 3_000_000, filesDone: 2 });
    expect(await upload.done).toMatchObject({ files: 2, directories: 3, bytes: 3_000_000, failed: 0 });
    expect(files.sort()).toEqual(['/tree/deep/file 64', '/tree/nothing 64']);

    const back = join(test.base, 'back');
    const download = session.download({ mappings: [{ source: '/tree', target: back }] });
    const sources: string[] = [];
    download.on('file', ({ source }) => sources.push(source));
    expect(await download.done).toMatchObject({ files: 2, directories: 3, failed: 0 });
    expect(sources.sort()).toEqual(['/tree/deep/file', '/tree/nothing']);
    expect(readFileSync(join(back, 'deep/file'), 'utf8')).toBe('x'.repeat(3_000_000));
  });

  it('sends and fetches nothing of what is there already, and what differs is found without being sent', async () => {
    mkdirSync(join(test.source, 'deep'));
    writeFileSync(join(test.source, 'deep/file'), 'x'.repeat(3_000_000));
    writeFileSync(join(test.source, 'small'), 'small');
    const session = await test.connect();
    const mappings = [{ source: test.source, target: '/tree' }];
    const back = [{ source: '/tree', target: join(test.base, 'back') }];
    for (const skippedFiles of [0, 2]) {
      const expected = { files: 2, skippedFiles, bytes: 3_000_005, failed: 0 };
      const present = skippedFiles > 0 ? 3_000_005 : 0;
      expect(await session.upload({ mappings }).done).toMatchObject({ ...expected, presentBytes: present });
      expect(await session.download({ mappings: back }).done).toMatchObject({
        ...expected,
        presentBytes: present,
      });
    }
    expect(await session.upload({ mappings, verify: true }).done).toMatchObject({ failed: 0 });
    writeFileSync(join(test.base, 'back/small'), 'SMALL');
    const compared = await session.download({ mappings: back, verify: true }).done;
    expect(compared.failures).toMatchObject([{ source: '/tree/small', error: { code: 'content-differs' } }]);
    expect(readFileSync(join(test.base, 'back/small'), 'utf8')).toBe('SMALL');
  });

  it('runs several transfers on one session at once', async () => {
    writeFileSync(join(test.source, 'file'), 'y'.repeat(2_000_000));
    const session = await test.connect();
    const uploads = ['/a', '/b', '/c'].map((target) =>
      session.upload({ mappings: [{ source: test.source, target }] }),
    );
    for (const upload of uploads) expect(await upload.done).toMatchObject({ files: 1, failed: 0 });
  });

  it('tells of a source that is missing at the server', async () => {
    const session = await test.connect();
    const download = session.download({ mappings: [{ source: '/none', target: join(test.base, 'back') }] });
    const summary = await download.done;
    expect(summary).toMatchObject({ files: 0, failed: 1 });
    expect(summary.failures[0]).toMatchObject({ source: '/none', error: { code: 'not-found' } });
  });

  it('stops on abort, with an error that says so, and the session goes on', async () => {
    writeFileSync(join(test.source, 'file'), 'z'.repeat(20_000_000));
    const session = await test.connect();
    const abort = new AbortController();
    const upload = session.upload({
      mappings: [{ source: test.source, target: '/x' }],
      signal: abort.signal,
    });
    upload.on('progress', () => abort.abort());
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
    const again = session.upload({ mappings: [{ source: test.config, target: '/y' }] });
    expect(await again.done).toMatchObject({ failed: 0 });
  });

  it('tells what holds a transfer', async () => {
    writeFileSync(join(test.source, 'file'), 'c'.repeat(20_000_000));
    await using session = await Client.connect({
      ...options(),
      unknownHost: 'accept-new',
      ratePolicy: { capBitsPerSecond: 20_000_000 },
    });
    const upload = session.upload({ mappings: [{ source: test.source, target: '/x' }] });
    upload.on('progress', ({ limiter, waitsFor }) => {
      if (limiter === 'rate cap' && waitsFor === 'rate cap') upload.cancel();
    });
    await expect(upload.done).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('refuses an unknown host key by default, and asks when told to', async () => {
    await expect(Client.connect(options())).rejects.toMatchObject({ code: 'host-key-unknown' });
    const asked: string[] = [];
    const no = {
      unknownHost: (host: { fingerprint: string }) => Promise.resolve(asked.push(host.fingerprint) < 0),
    };
    await expect(Client.connect({ ...options(), ...no })).rejects.toMatchObject({ code: 'host-key-unknown' });
    expect(asked).toEqual([test.server.hostKeyFingerprint]);
  });

  it('refuses a changed host key, whatever the policy', async () => {
    await test.connect();
    const known = join(test.config, 'known_hosts');
    const line = readFileSync(known, 'utf8').trim().split(' ');
    rmSync(known);
    appendFileSync(known, `${line.slice(0, -1).join(' ')} ${Buffer.alloc(32, 5).toString('base64')}\n`);
    const attempt = Client.connect({ ...options(), unknownHost: 'accept-new' });
    await expect(attempt).rejects.toMatchObject({ code: 'host-key-changed' });
  });

  it('fails with login-refused when its key is not listed, before or along with the first transfer', async () => {
    const stranger = {
      ...options(),
      configDirectory: test.directory('stranger'),
      unknownHost: 'accept-new' as const,
    };
    await expect(Client.connect(stranger)).rejects.toMatchObject({ code: 'login-refused' });
    const session = await Client.connect({ ...stranger, awaitLogin: false });
    const upload = session.upload({ mappings: [{ source: test.source, target: '/x' }] });
    await expect(upload.done).rejects.toMatchObject({ code: 'login-refused' });
    await expect(session.loggedIn).rejects.toMatchObject({ code: 'login-refused' });
    await session.close();
  });

  it('says what was tried when nobody answers', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address();
    const attempt = Client.connect({ ...options(), port, connectTimeoutMs: 400 });
    await expect(attempt).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    silent.close();
  });

  it('names a host that has no address', async () => {
    const attempt = Client.connect({ ...options(), host: 'no-such-host.invalid' });
    await expect(attempt).rejects.toMatchObject({ code: 'host-unresolved', subject: 'no-such-host.invalid' });
  });
});
