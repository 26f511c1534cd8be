import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

// Another process runs what was built.
const BUILT = new URL('../../dist/index.js', import.meta.url).href;

const CHILD = `
import assert from 'node:assert';
import { appendFileSync, rmSync, statfsSync } from 'node:fs';
const { openState } = await import(process.env.BUILT);
const directory = process.env.DISK + '/level';
const ballast = process.env.DISK + '/ballast';
const value = (count) => ({ count, padding: String(count).repeat(1000) });
const open = async () => {
  const state = await openState(directory);
  return { state, things: await state.collection('things'), others: await state.collection('others') };
};
let { state, things, others } = await open();
const model = new Map();
const check = () => {
  for (const collection of [things, others]) {
    assert.deepEqual([...collection.entries()].map(([id, { count }]) => [id, count]).sort(), [...model].sort());
  }
};
let count = 0;
const codes = new Set();
for (let round = 0; round < 3; round++) {
  for (let write = 0; write < 5; write++, count++) {
    const id = 'k' + (count % 7);
    await state.write([things.change(id, value(count)), others.change(id, value(count))]);
    model.set(id, count);
  }
  try { for (;;) appendFileSync(ballast, new Uint8Array(4096)); } catch (error) { assert.equal(error.code, 'ENOSPC'); }
  let failed = 0;
  for (let write = 0; write < 40; write++, count++) {
    const ids = ['k' + (count % 7), 'k' + ((count + 1) % 7)];
    const writes = ids.map((id) => [id, state.write([things.change(id, value(count)), others.change(id, value(count))])]);
    for (const [id, written] of writes) {
      await written.then(() => model.set(id, count), (error) => { failed++; codes.add(error.code); });
    }
    check();
  }
  assert(failed > 0);
  rmSync(ballast);
  if (round === 1) {
    // Ends without another write: what failed is not to be found later.
    await state.close();
    ({ state, things, others } = await open());
    check();
  }
}
await things.put('last', value(1));
await things.delete('last');
await state.close();
({ state, things, others } = await open());
check();
await state.close();
console.log([...codes].join());
`;

/** Runs it where `$DISK` has room for 2 MiB. @returns undefined where nobody may mount anything */
function onSmallDisk(script: string): string | undefined {
  const mount =
    'DISK=$(mktemp -d); export DISK; mount -t tmpfs -o size=2m none "$DISK" || exit 77; exec "$@"';
  const command = [process.execPath, '--input-type=module', '-e', script];
  try {
    return execFileSync('unshare', ['--mount', '--map-root-user', 'sh', '-c', mount, 'sh', ...command], {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, BUILT },
    });
  } catch (error) {
    const { code, status, stderr } = error as { code?: string; status?: number; stderr?: string };
    if (code === 'ENOENT' || status === 77 || stderr?.startsWith('unshare:')) return undefined;
    throw error;
  }
}

it('on a full disk objects are as the last durable write left them, and are written again when there is room', () => {
  expect(onSmallDisk(CHILD) ?? 'disk-full\n').toBe('disk-full\n');
});
