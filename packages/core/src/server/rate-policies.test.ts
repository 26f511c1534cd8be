import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RatePolicy } from '@jetstream/congestion';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../client/client.ts';
import type { RateLimitOptions } from '../contract.ts';
import { decodeRatePolicy, encodeRatePolicy } from '../session/rate-policy-message.ts';
import { RawClient } from '../testing/raw-client.ts';
import { TestServer } from '../testing/test-server.ts';

describe('a rate policy', () => {
  let test: TestServer;
  let raw: RawClient | undefined;

  afterEach(async () => {
    await raw?.end();
    raw = undefined;
    await test.end();
  });

  async function startServer(rateLimits: RateLimitOptions = {}): Promise<void> {
    test = await TestServer.start({ rateLimits });
    writeFileSync(join(test.sandbox, 'big'), 'c'.repeat(8_000_000));
    writeFileSync(join(test.source, 'big'), 'c'.repeat(8_000_000));
  }

  const target = () => join(test.directory('target'), 'big');

  function ask(client: RawClient, policy: RatePolicy): void {
    client.session.sendControl({ body: { $case: 'ratePolicy', value: encodeRatePolicy(policy) } });
  }

  it('[RP-1] is kept by the server within its limits, and told', async () => {
    await startServer({ strongestPolicy: 'high', capBitsPerSecond: 80_000_000 });
    const session = await test.connect();
    const download = session.download({
      mappings: [{ source: '/big', target: target() }],
      ratePolicy: { policy: 'low', capBitsPerSecond: 40_000_000 },
    });
    expect(await download.setRatePolicy({ policy: 'fixed', targetBitsPerSecond: 1e9 })).toEqual({
      policy: 'high',
      capBitsPerSecond: 80_000_000,
    });
    expect(await download.setRatePolicy({ policy: 'low' })).toEqual({
      policy: 'low',
      capBitsPerSecond: 80_000_000,
    });
    expect(download.progress.ratePolicy).toMatchObject({ policy: 'low' });
    expect(await download.done).toMatchObject({ files: 1, failed: 0 });
  });

  it("of an upload is this side's own, and may change while it runs", async () => {
    await startServer();
    const session = await test.connect();
    const upload = session.upload({
      mappings: [{ source: join(test.source, 'big'), target: '/new' }],
      ratePolicy: { capBitsPerSecond: 8_000_000 },
    });
    const limiters = new Set<string | undefined>();
    upload.on('progress', ({ limiter }) => {
      limiters.add(limiter);
      if (limiter === 'rate cap') void upload.setRatePolicy({ policy: 'fixed', targetBitsPerSecond: 4e8 });
    });
    expect(await upload.done).toMatchObject({ files: 1, failed: 0 });
    expect(limiters).toContain('rate cap');
    expect(upload.progress.ratePolicy).toEqual({ policy: 'fixed', targetBitsPerSecond: 4e8 });
  });

  it('of a session holds both ways', async () => {
    await startServer();
    await using session = await Client.connect({
      host: '127.0.0.1',
      port: test.server.port,
      configDirectory: test.config,
      unknownHost: 'accept-new',
      awaitLogin: false,
      ratePolicy: { policy: 'low' },
    });
    const download = session.download({ mappings: [{ source: '/big', target: target() }] });
    const upload = session.upload({ mappings: [{ source: join(test.source, 'big'), target: '/new' }] });
    await Promise.all([download.done, upload.done]);
    expect(download.progress.ratePolicy).toEqual({ policy: 'low' });
    expect(upload.progress.ratePolicy).toEqual({ policy: 'low' });
  });

  it('that cannot be is refused before anything is sent', async () => {
    await startServer();
    const session = await test.connect();
    const refused = expect.objectContaining({ code: 'invalid-argument' });
    const mappings = [{ source: '/big', target: target() }];
    const fixed = { policy: 'fixed' } as const;
    expect(() => session.download({ mappings, ratePolicy: fixed })).toThrow(refused);
    expect(() => session.upload({ mappings, ratePolicy: fixed })).toThrow(refused);
    const download = session.download({ mappings });
    await expect(download.setRatePolicy(fixed)).rejects.toEqual(refused);
    await download.done;
    await expect(TestServer.start({ rateLimits: { capBitsPerSecond: 1 } })).rejects.toEqual(refused);
  });

  it('[RP-3] is answered in order, however many are sent at once', async () => {
    await startServer();
    raw = await RawClient.connect(test);
    await raw.logIn(test);
    const policies: RatePolicy[] = [
      { policy: 'low' },
      { policy: 'fixed', targetBytesPerSecond: 1e6 },
      { policy: 'fair', minimumBytesPerSecond: 5_000 },
    ];
    for (const policy of policies) ask(raw, policy);
    for (const policy of policies) {
      const { body } = await raw.hear();
      expect(body?.$case === 'ratePolicyInForce' && decodeRatePolicy(body.value)).toEqual(policy);
    }
  });

  it('gives way to the limits of the whole server, [RP-5] also where the client sends', async () => {
    test = await TestServer.start({
      bandwidthLimits: { incomingBitsPerSecond: 4e7, outgoingBitsPerSecond: 4e7 },
    });
    for (const directory of [test.sandbox, test.source])
      writeFileSync(join(directory, 'big'), 'c'.repeat(10_000_000));
    const session = await test.connect();
    const ratePolicy = { policy: 'fixed', targetBitsPerSecond: 4e8 } as const;
    const up = session.upload({
      mappings: [{ source: join(test.source, 'big'), target: '/new' }],
      ratePolicy,
    });
    const down = session.download({ mappings: [{ source: '/big', target: target() }], ratePolicy });
    const limiters = [up, down].map((transfer) => {
      const seen = new Set<string | undefined>();
      transfer.on('progress', ({ limiter }) => seen.add(limiter));
      return seen;
    });
    await Promise.all([up.done, down.done]);
    // Without the limits it would be over before either is found out; on a busy machine it is the pacer's thread that comes late.
    for (const seen of limiters) expect([...seen]).toContainEqual(expect.stringMatching(/^(rate cap|CPU)$/));
  });

  it('[RP-6] waits its turn behind the receive limits that came before it', async () => {
    await startServer();
    raw = await RawClient.connect(test);
    // LG-1: passed over.
    raw.session.sendControl({ body: { $case: 'receiveLimit', value: { rate: 1_000 } } });
    await raw.logIn(test);
    for (const rate of [1e6, 0, 1e12])
      raw.session.sendControl({ body: { $case: 'receiveLimit', value: { rate } } });
    ask(raw, { policy: 'low' });
    expect((await raw.hear()).body?.$case).toBe('ratePolicyInForce');
  });

  it('[LG-1] is not acted on before the login', async () => {
    await startServer();
    raw = await RawClient.connect(test);
    ask(raw, { policy: 'low' });
    // The next thing heard is the answer to the login.
    await raw.logIn(test);
  });

  it('[RP-2] in force that a client tells is a violation', async () => {
    await startServer();
    raw = await RawClient.connect(test);
    await raw.logIn(test);
    raw.session.sendControl({
      body: { $case: 'ratePolicyInForce', value: encodeRatePolicy({ policy: 'low' }) },
    });
    expect(await raw.closed()).toMatchObject({ code: 'protocol-violation' });
  });
});
