import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const LOCK = new URL('../tools/setup/lock.mjs', import.meta.url).href;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'jetstream-lock-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Adds one to a number in a file, slowly, so that two at once would lose one. */
const COUNT = `
  const { withLock } = await import(${JSON.stringify(LOCK)});
  const { readFileSync, writeFileSync } = await import('node:fs');
  const [directory] = process.argv.slice(1);
  await withLock(directory + '/lock', async () => {
    const count = Number(readFileSync(directory + '/count', 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    writeFileSync(directory + '/count', String(count + 1));
  });`;

it('setup does its work once at a time, also after another one died in the middle of it', async () => {
  writeFileSync(join(directory, 'count'), '0');
  const dead = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(join(directory, 'lock'), String(dead.pid));
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', COUNT, directory]);
  await Promise.all([run(), run(), run(), run()]);
  expect(readFileSync(join(directory, 'count'), 'utf8')).toBe('4');
});
