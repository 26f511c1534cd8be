import { afterEach, expect, it, vi } from 'vitest';
import { openPortableDatagramPath } from './portable.ts';
import { socketBufferBytes } from './socket-options.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('asks for 16 MiB, or for what JETSTREAM_SOCKET_BUFFER says where that is a size', () => {
  const asked = ['1', '65536', '1073741823', '1073741824', '0', '-1', '1.5', 'much', ''].map((value) => {
    vi.stubEnv('JETSTREAM_SOCKET_BUFFER', value);
    return socketBufferBytes();
  });
  expect(asked).toEqual([1, 65536, 1073741823, ...Array(6).fill(16 * 2 ** 20)]);
});

it.runIf(process.platform === 'linux')('gets the smallest that the kernel has when told so', async () => {
  const bytes = async () => {
    const path = await openPortableDatagramPath({
      ...{ host: '127.0.0.1', onReceive: () => {}, onDrain: () => {}, onError: () => {} },
    });
    await path.close();
    return path.receiveBufferBytes;
  };
  expect(await bytes()).toBeGreaterThan(65_536);
  vi.stubEnv('JETSTREAM_SOCKET_BUFFER', '1');
  expect(await bytes()).toBeLessThan(8_192);
});
