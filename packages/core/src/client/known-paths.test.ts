import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientOptions, KnownPath, PathStore } from '../contract.ts';
import { SlowPath } from '../testing/slow-path.ts';
import { TestServer } from '../testing/test-server.ts';
import { Client } from './client.ts';

/** Keeps nothing; says what it was asked. */
class HeardStore implements PathStore {
  readonly saved: KnownPath[] = [];
  loads = 0;

  async load(): Promise<readonly KnownPath[]> {
    this.loads++;
    return [];
  }

  async save(path: KnownPath): Promise<void> {
    this.saved.push(path);
    throw new Error('the store is full');
  }
}

describe('paths that copies have seen', () => {
  const ends: (() => void | Promise<void>)[] = [];
  const serverStore = new HeardStore();
  let test: TestServer;
  let port: number;
  let pathsFile: string;

  beforeEach(async () => {
    test = await TestServer.start({ lanes: 2, pathStore: serverStore });
    ends.push(() => test.end());
    const path = await SlowPath.to(test.server.port);
    ends.push(() => path.close());
    port = path.port;
    pathsFile = join(test.config, 'paths.json');
    writeFileSync(join(test.source, 'file'), Buffer.alloc(6_000_000, 'content'));
  });

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const connect = (more: Partial<ClientOptions> = {}) =>
    Client.connect({
      host: '127.0.0.1',
      port,
      configDirectory: test.config,
      unknownHost: 'accept-new',
      ...more,
    });
  const known = () => JSON.parse(readFileSync(pathsFile, 'utf8')) as { paths: KnownPath[] };
  const seen = { network: '127.0.0.1', rateBytesPerSecond: expect.any(Number), minRttUs: expect.any(Number) };

  it('are kept by a client that sent, in the place of a file that cannot be read, and used by the next', async () => {
    writeFileSync(pathsFile, '{"version": 1, "paths": [{"network": "127.');
    for (const target of ['/first', '/second']) {
      const session = await connect();
      await session.upload({ mappings: [{ source: test.source, target }] }).done;
      await session.close();
      expect(known().paths).toEqual([expect.objectContaining({ ...seen, localAddress: '127.0.0.1' })]);
      expect(known().paths[0]!.rateBytesPerSecond).toBeLessThan(6e6);
    }
  });

  it('are kept by a server that sent, which a store that fails does not disturb', async () => {
    writeFileSync(join(test.sandbox, 'file'), Buffer.alloc(6_000_000, 'content'));
    const session = await connect({ pathStore: false });
    await session.download({ mappings: [{ source: '/file', target: join(test.base, 'back') }] }).done;
    await session.close();
    await test.server.close();
    expect(serverStore.loads).toBeGreaterThan(0);
    expect(serverStore.saved).toEqual([expect.objectContaining(seen)]);
    expect(existsSync(pathsFile)).toBe(false);
  });
});
