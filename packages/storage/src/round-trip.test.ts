import { readdirSync } from 'node:fs';
import { createTargetResolver } from '@jetstream/manifest';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import type { FileSystem } from './file-system.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { nodeSurroundings } from './testing/node-surroundings.ts';
import { makeRandomTree } from './testing/random-tree.ts';
import { seededRandom } from './testing/seeded-random.ts';
import { temporaryDirectories } from './testing/temporary-directory.ts';
import { transfer } from './testing/transfer.ts';
import { treeSnapshot } from './testing/tree-snapshot.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeWriter } from './tree-writer.ts';

const temporaryDirectory = temporaryDirectories();
const blake3 = await loadBlake3();

/** Copies a tree in random batches and order, and compares. */
function copy(source: FileSystem, target: FileSystem, random: () => number, maxOpenHandles: number): void {
  const reader = createTreeReader({
    fileSystem: source,
    blake3,
    mappings: [{ source: '/', target: 'copy' }],
    symlinks: 'follow',
    maxOpenHandles,
  });
  const writer = createTreeWriter({
    fileSystem: target,
    blake3,
    resolve: createTargetResolver({ destinationPath: '/into' }).resolve,
    transferId: 'test',
    maxEntries: 10_000,
    maxOpenHandles,
    umask: 0o022,
  });
  const { results, entries, problems, settled } = transfer(reader, writer, {
    batchEntries: 1 + Math.floor(random() * 50),
    order: (blocks) =>
      blocks
        .map((block) => [random(), block] as const)
        .sort()
        .map(([, block]) => block),
  });
  expect(writer.settled).toBe(true);
  const totals = writer.finish();
  reader.close();
  expect(problems).toEqual([]);
  expect(results.filter(({ code }) => code !== 'none')).toEqual([]);
  expect(treeSnapshot(target, ['into', 'copy'])).toEqual(treeSnapshot(source));
  expect(
    results.map(({ index }) => index).sort((a, b) => a - b),
    '[TR-3] one result each',
  ).toEqual([...entries.keys()]);
  for (const [index, entry] of entries.entries()) expect(settled.get(index)?.target).toBe(entry.targetPath);
  const files = entries.filter(({ kind }) => kind === 'file');
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  expect(totals).toMatchObject({
    writtenBytes: bytes,
    durableBytes: bytes,
    filesDone: files.length,
    failed: 0,
  });
}

describe('a tree that is read, sent and written', () => {
  it.each([1, 2, 3])('is equal at the other end: seed %i', (seed) => {
    const random = seededRandom(seed);
    const surroundings = nodeSurroundings(temporaryDirectory());
    surroundings.makeDirectory('/from');
    makeRandomTree(surroundings, '/from', random, { entries: 120 });
    const open = readdirSync('/proc/self/fd').length;
    const [source, target] = [surroundings.open('/from'), surroundings.open('/to')];
    copy(source, target, random, seed === 3 ? 1 : 32);
    source.close();
    target.close();
    expect(readdirSync('/proc/self/fd').length, 'descriptors left open').toBe(open);
  });

  it.each([1, 2, 3, 4, 5, 6])('by processes with few descriptors is so too: seed %i', (seed) => {
    const machine = new FakeMachine({ seed });
    const { random } = machine;
    const surroundings = fakeSurroundings(machine);
    surroundings.makeDirectory('/from');
    makeRandomTree(surroundings, '/from', random, { entries: 120 });
    const source = machine.start({ sandboxRoot: '/from', maxDescriptors: 5 });
    const target = machine.start({ sandboxRoot: '/to', maxDescriptors: 5 });
    copy(source, target, random, seed % 3 === 0 ? 1 : 32);
    expect([source.descriptors, target.descriptors], 'descriptors left open').toEqual([0, 0]);
  });
});
