import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLossyProxy } from '../tools/lossy-proxy/src/lossy-proxy.mjs';
import { writeFile } from '../tools/programs/src/tree.mjs';
import { Arena, expectEqualTrees, expectOk, type ServerProcess } from './support/arena.ts';

const BLOCK = 2 ** 20;
const NETWORK = { loss: 0.05, reorder: 0.02, duplicate: 0.01, reorderMs: 3, maxDatagramBytes: 1472 };

let arena: Arena;
let server: ServerProcess;

beforeAll(async () => {
  arena = await Arena.create();
  server = await arena.startServer();
  makeHardTree(arena.source);
});
afterAll(() => arena.close());

/** Sizes at every edge of a block, a large file, names in many scripts, and a path 50 directories deep. */
function makeHardTree(root: string): void {
  const sizes = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK - 1, 3 * BLOCK, 40_000_000];
  for (const size of sizes) writeFile(join(root, `size-${size}`), size, size + 1);
  const names = [
    'naïve.txt',
    'naïve-decomposed',
    'файл',
    '文件/もの',
    'ملف',
    '🚀 launch',
    'with\nline',
    '-rf',
    'ß'.repeat(120),
  ];
  for (const [index, name] of names.entries()) writeFile(join(root, 'names', name), 1000 + index, index);
  const deep = Array.from({ length: 50 }, (_, level) => `d${level}`).join('/');
  writeFile(join(root, deep, 'bottom'), 4321, 50);
  for (let index = 0; index < 500; index += 1)
    writeFile(join(root, `small/${index}`), (index * 97) % 5000, index);
}

describe('a path with 5 % loss, reordering and duplication', () => {
  it('carries a hard tree up and down again, equal to the last byte', async () => {
    const proxy = await startLossyProxy({ serverPort: server.port, seed: 20_260, ...NETWORK });
    try {
      expectOk(await arena.jscp(proxy.port, [arena.source, '127.0.0.1:/tree']));
      await expectEqualTrees(arena.source, join(arena.sandbox, 'tree'));
      const back = join(arena.base, 'back');
      expectOk(await arena.jscp(proxy.port, ['127.0.0.1:/tree', back]));
      await expectEqualTrees(arena.source, back);
      expect(proxy.counts.lost).toBeGreaterThan(2000);
      expect(proxy.counts.reordered).toBeGreaterThan(400);
      expect(proxy.counts.duplicated).toBeGreaterThan(400);
    } finally {
      proxy.close();
    }
  });

  it('may change the address of the client in the middle of a copy', async () => {
    const proxy = await startLossyProxy({ serverPort: server.port, seed: 20_261, ...NETWORK });
    try {
      const file = arena.file('moving', 20_000_000);
      const copy = arena.startJscp(proxy.port, ['-l', '40M', file, '127.0.0.1:/moving']);
      for (const bytes of [2_000_000, 8_000_000, 14_000_000]) {
        await copy.untilAcked(bytes);
        proxy.rebind();
      }
      expectOk(await copy.finished);
      await expectEqualTrees(file, join(arena.sandbox, 'moving'));
    } finally {
      proxy.close();
    }
  });
});
