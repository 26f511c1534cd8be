import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';

it('a server with several ports is one server on all of them', async () => {
  const test = await TestServer.start({ port: [0, 0, 0] });
  const { ports, port } = test.server;
  expect([new Set(ports).size, ports[0]]).toEqual([3, port]);
  writeFileSync(join(test.source, 'file'), 'content');
  const sessions = await Promise.all(ports.map((each) => test.connect({ port: each })));
  const mappings = (index: number) => [{ source: test.source, target: `/copy-${index}` }];
  await Promise.all(sessions.map((session, index) => session.upload({ mappings: mappings(index) }).done));
  for (const index of ports.keys())
    expect(readFileSync(join(test.sandbox, `copy-${index}`, 'file'), 'utf8')).toBe('content');
  await test.end();
});

it('a server has all of its ports or none', async () => {
  const taken = createSocket('udp4').bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address();
  await expect(TestServer.start({ port: [0, port] })).rejects.toMatchObject({ code: 'address-in-use' });
  await expect(TestServer.start({ port: [7_001, 7_001] })).rejects.toMatchObject({
    code: 'invalid-argument',
  });
  taken.close();
});
