import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { openState, type State } from '../open-state.ts';
import { freshDirectory } from '../testing/temporary-directory.ts';

// Another process runs what was built.
const BUILT = new URL('../../dist/index.js', import.meta.url).href;
const KEYS = 12;
/** Only the first ones are ever deleted. */
const DELETED_KEYS = 3;

/** Writes without end to two collections and a manifest, many at once, and says which writes are durable. */
const CHILD = `
const { openState } = await import(process.env.BUILT);
const state = await openState(process.env.DIRECTORY);
const [ones, others] = [await state.collection('ones'), await state.collection('others')];
let random = Number(process.env.SEED);
const below = (end) => (random = (random * 48271) % 2147483647) % end;
const file = (count) => ({ srcPath: '/' + count, destPath: '', fileSize: count, isEmptyDir: false, executable: false, modificationTime: 0 });
let files = await state.manifestFiles.count('m');
let count = Number(process.env.FROM);
const tell = (what) => process.stdout.write(JSON.stringify(what) + '\\n');
const appending = (async () => {
  for (;;) {
    const added = Array.from({ length: 1 + below(700) }, (_, at) => file(files + at));
    await state.manifestFiles.append('m', added);
    tell({ files: (files += added.length) });
  }
})();
for (;;) {
  const burst = [];
  for (let write = below(20); write >= 0; write--) {
    const key = below(${KEYS});
    const id = 'k' + key;
    const mine = ++count;
    const value = { count: mine, padding: 'x'.repeat(below(3000)) };
    const written =
      key < ${DELETED_KEYS} && below(2) === 0
        ? state.write([ones.change(id, undefined), others.change(id, undefined)])
        : state.write([ones.change(id, value), others.change(id, value)]);
    burst.push(written.then(() => tell({ id, count: mine })));
    state.eventLog.append({ _event: 'written', _timestamp: mine });
  }
  await Promise.all(burst);
}
`;

/** @returns what the child said was durable before it was killed */
async function killedAfter(lines: number, environment: Record<string, string>) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, BUILT, ...environment },
  });
  const counts = new Map<string, number>();
  let files = 0;
  let seen = 0;
  for await (const line of createInterface(child.stdout)) {
    const told = JSON.parse(line);
    if ('files' in told) files = told.files;
    else counts.set(told.id, Math.max(told.count, counts.get(told.id) ?? 0));
    if (++seen === lines) child.kill('SIGKILL');
  }
  return { counts, files };
}

async function check(state: State, { counts, files }: Awaited<ReturnType<typeof killedAfter>>) {
  const ones = await state.collection<{ count: number }>('ones');
  const others = await state.collection<{ count: number }>('others');
  let last = 0;
  for (let key = 0; key < KEYS; key++) {
    const id = `k${key}`;
    // Both of a write or neither.
    expect(others.get(id)).toEqual(ones.get(id));
    const found = ones.get(id)?.count;
    // Not one from before what was said to be durable.
    if (found !== undefined) expect(found).toBeGreaterThanOrEqual(counts.get(id) ?? 0);
    else if (key >= DELETED_KEYS) expect(counts.has(id)).toBe(false);
    last = Math.max(last, found ?? 0, counts.get(id) ?? 0);
  }
  const stored = await state.manifestFiles.count('m');
  expect(stored).toBeGreaterThanOrEqual(files);
  for (let at = 0; at < stored; at += 10_000) {
    const page = await state.manifestFiles.read('m', at, 10_000);
    expect(page.map(({ fileSize }) => fileSize)).toEqual(page.map((_, place) => at + place));
  }
  return last;
}

it.each([1, 2, 3, 4])(
  'has all that was durable, and writes whole, when it is killed at any moment (%i)',
  async (seed) => {
    const directory = freshDirectory();
    let from = 0;
    for (let round = 0; round < 4; round++) {
      const lines = 3 + ((seed * 37 + round * 61) % 150);
      const environment = { DIRECTORY: directory, SEED: String(seed * 100 + round), FROM: String(from) };
      const told = await killedAfter(lines, environment);
      const notes: string[] = [];
      const state = await openState(directory, { onNote: (note) => notes.push(note) });
      from = (await check(state, told)) + 1_000;
      expect(notes).toEqual([]);
      await state.close();
    }
  },
);
