import { readdirSync } from 'node:fs';
import { createTargetResolver } from '@jetstream/manifest';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { openStorage } from './node-file-system.ts';
import { limitedFileSystem } from './testing/faulty-file-system.ts';
import { makeRandomTree, seededRandom } from './testing/random-tree.ts';
import { temporaryDirectories } from './testing/temporary-directory.ts';
import { type TransferOptions, transfer } from './testing/transfer.ts';
import { treeSnapshot } from './testing/tree-snapshot.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeWriter } from './tree-writer.ts';

const temporaryDirectory = temporaryDirectories();
const blake3 = await loadBlake3();
const user = { name: 'alice', fullName: 'alice' };

function copy(
  from: string,
  to: string,
  options: TransferOptions & { maxDescriptors?: number; maxOpenHandles?: number },
) {
  const { maxDescriptors = 1000, maxOpenHandles = 32 } = options;
  const source = openStorage();
  const target = openStorage({ sandboxRoot: to });
  const reader = createTreeReader({
    fileSystem: limitedFileSystem(source, maxDescriptors),
    blake3,
    mappings: [{ source: from, target: 'copy' }],
    symlinks: 'follow',
    maxOpenHandles,
  });
  const writer = createTreeWriter({
    fileSystem: limitedFileSystem(target, maxDescriptors),
    blake3,
    resolve: createTargetResolver({ destinationPath: '/into', user }).resolve,
    transferId: 'test',
    maxEntries: 10_000,
    maxOpenHandles,
    umask: 0o022,
  });
  const outcome = transfer(reader, writer, options);
  expect(writer.settled).toBe(true);
  const totals = writer.finish();
  reader.close();
  source.close();
  target.close();
  return { ...outcome, totals };
}

describe('a tree that is read, sent and written', () => {
  it.each([1, 2, 3, 4, 5, 6])('is equal at the other end: seed %i', (seed) => {
    const random = seededRandom(seed);
    const [from, to] = [temporaryDirectory(), temporaryDirectory()];
    makeRandomTree(from, random, 120);
    const open = readdirSync('/proc/self/fd').length;
    const { results, entries, problems, settled, totals } = copy(from, to, {
      batchEntries: 1 + Math.floor(random() * 50),
      order: (blocks) =>
        blocks
          .map((block) => [random(), block] as const)
          .sort()
          .map(([, block]) => block),
      ...(seed % 2 === 0 && { maxDescriptors: 4 }),
      ...(seed % 3 === 0 && { maxOpenHandles: 1 }),
    });
    expect(problems).toEqual([]);
    expect(results.filter(({ code }) => code !== 'none')).toEqual([]);
    expect(treeSnapshot(`${to}/into/copy`)).toEqual(treeSnapshot(from));
    expect(
      results.map(({ index }) => index).sort((a, b) => a - b),
      '[TR-3] one result each',
    ).toEqual([...entries.keys()]);
    for (const [index, entry] of entries.entries()) expect(settled.get(index)?.target).toBe(entry.targetPath);
    const files = entries.filter(({ kind }) => kind === 'file');
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    expect(totals).toEqual({ writtenBytes: bytes, durableBytes: bytes, filesDone: files.length, failed: 0 });
    expect(readdirSync('/proc/self/fd').length, 'descriptors left open').toBe(open);
  });
});
