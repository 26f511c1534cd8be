// What changes while it is being sent fails by name; what does not arrives.
import {
  appendFileSync,
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFile } from '../tools/programs/src/tree.mjs';
import { Arena, expectEqualTrees, expectOk, type ServerProcess } from './support/arena.ts';

const MiB = 2 ** 20;
/** More than is ever read ahead of what has arrived. */
const BYTES = 80 * MiB;

let arena: Arena;
let server: ServerProcess;

beforeAll(async () => {
  arena = await Arena.create();
  server = await arena.startServer();
});
afterAll(() => arena.close());

const changes: ['up' | 'down', string, (path: string) => void][] = [
  ['up', 'shrinks', (path) => truncateSync(path, BYTES - MiB)],
  ['up', 'grows', (path) => appendFileSync(path, 'more')],
  ['down', 'changes', (path) => overwrite(path, BYTES - 10)],
];

describe('a source', () => {
  it.each(changes)(
    'that is sent %s and %s fails by name; the rest arrives, and it with the next copy',
    async (direction, what, change) => {
      const name = `${what}-${direction}`;
      const { root, copy, operands } = copyOf(name, direction);
      const running = arena.startJscp(server.port, ['-l', '300M', ...operands]);
      await running.untilAcked(4 * MiB);
      change(join(root, 'large'));

      const { status, stdout, stderr } = await running.finished;
      expect(status, stderr).toBe(7);
      expect(stderr).toMatch(new RegExp(`${name}/large changed while it was being sent`));
      expect(stdout).toMatch(/"target":"[^"]*large",.*"code":"source-changed"/);
      expect(readdirSync(copy)).toEqual(['small']);

      expectOk(await arena.jscp(server.port, operands));
      await expectEqualTrees(root, copy);
      clear(root, copy);
    },
  );

  it('that vanishes arrives as it was when it was opened', async () => {
    const { root, copy, operands } = copyOf('vanishes', 'up');
    const kept = join(arena.base, 'kept');
    linkSync(join(root, 'large'), kept);
    const running = arena.startJscp(server.port, ['-l', '300M', ...operands]);
    await running.untilAcked(4 * MiB);
    rmSync(join(root, 'large'));
    expectOk(await running.finished);
    await expectEqualTrees(kept, join(copy, 'large'));
    clear(root, copy);
  });
});

function copyOf(name: string, direction: 'up' | 'down') {
  const root = join(direction === 'up' ? arena.source : arena.sandbox, name);
  writeFile(join(root, 'large'), BYTES, 1);
  writeFile(join(root, 'small'), 1000, 2);
  const copy = join(direction === 'up' ? arena.sandbox : arena.base, `copy-${name}`);
  const operands = direction === 'up' ? [root, `127.0.0.1:/copy-${name}`] : [`127.0.0.1:/${name}`, copy];
  return { root, copy, operands };
}

function overwrite(path: string, position: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, 'X', position);
  closeSync(file);
}

function clear(...paths: string[]): void {
  for (const path of paths) rmSync(path, { recursive: true });
}
