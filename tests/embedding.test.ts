import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Arena, expectEqualTrees } from './support/arena.ts';

const EXAMPLE = fileURLToPath(new URL('../examples/embed.mjs', import.meta.url));

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.create();
});
afterAll(() => arena.close());

it('another Node program can embed server and client, with progress by iteration', async () => {
  const file = arena.file('embedded', 3_000_000);
  const parameters = [EXAMPLE, file, arena.sandbox, arena.state, arena.config];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, {
    env: { ...process.env, ...arena.environment },
  });
  expect(stdout).toMatch(/^\d+ of 3000000 bytes$/m);
  expect(stdout).toMatch(/files: 1,/);
  await expectEqualTrees(file, join(arena.sandbox, 'copied'));
});

it('README shows that very program', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(readFileSync(EXAMPLE, 'utf8'));
});
