import { createTargetResolver, type ManifestEntry } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { randomContent } from './testing/random-tree.ts';
import { seededRandom } from './testing/seeded-random.ts';
import { createTreeWriter, type EntryResult } from './tree-writer.ts';

const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({});
const SMALL = Buffer.from('small');
const BIG = randomContent(seededRandom(3), 2 * BLOCK_BYTES + 5);

/** A small file and one of three chunks, all of it written and about to be named. */
function written({ maxOpenHandles = 32, sizes = [SMALL.byteLength, BIG.byteLength] } = {}) {
  const machine = new FakeMachine();
  const writer = createTreeWriter({
    fileSystem: machine.start(),
    blake3,
    resolve,
    transferId: 't',
    maxEntries: 10,
    maxOpenHandles,
    readBack: true,
  });
  const entries = sizes.map((size, at): ManifestEntry => {
    const time = { mtimeSeconds: 1, mtimeNanoseconds: 0 };
    return { kind: 'file', targetPath: `f${at}`, size, ...time, executable: false, sourceInode: 1 };
  });
  writer.addEntries(0, entries);
  writer.endManifest(entries.length);
  const send = (block: number) => {
    const content = block === 0 ? SMALL : BIG.subarray((block - 1) * BLOCK_BYTES, block * BLOCK_BYTES);
    return writer.writeBlock(block, content, blake3(content));
  };
  for (let block = 0; block < 4; block++) send(block);
  const results: EntryResult[] = [];
  const requests: { block: number; chunks: number[] }[] = [];
  const commit = () => {
    do {
      const committed = writer.commitReady();
      results.push(...committed.results);
      requests.push(...committed.requests);
    } while (writer.readyEntries > 0);
  };
  const codes = () => [...results].sort((a, b) => a.index - b.index).map(({ code }) => code);
  return { machine, surroundings: fakeSurroundings(machine), writer, send, commit, codes, requests };
}

describe('files that are read back', () => {
  it.each([32, 1])('get their names when the disk has what was written: %i descriptors', (maxOpenHandles) => {
    const { machine, surroundings, commit, codes, requests } = written({ maxOpenHandles });
    machine.log.take();
    commit();
    expect(codes()).toEqual(['none', 'none']);
    expect(requests).toEqual([]);
    const steps = machine.log.take(/^(sync file|drop from cache|read|rename) \/f1/);
    expect(steps.filter((step) => step.startsWith('read'))).toHaveLength(3);
    expect(steps.at(-1)).toBe('rename /f1');
    expect(Buffer.compare(surroundings.read('/f1'), BIG)).toBe(0);
  });

  it('have what is not so sent once more, and that alone is read again', () => {
    const { machine, surroundings, send, commit, codes, requests, writer } = written();
    machine.syncAll();
    machine.flipBit('/.f1.jspart-t-1', BLOCK_BYTES + 7, 3);
    machine.flipBit('/.f0.jspart-t-0', 0, 1);
    commit();
    expect(codes()).toEqual([]);
    expect(requests).toEqual([
      { block: 0, chunks: [0] },
      { block: 2, chunks: [0] },
    ]);
    expect(writer.settled).toBe(false);
    machine.log.take();
    for (const { block } of requests) expect(send(block)).toMatchObject({ wantedChunks: [], results: [] });
    commit();
    expect(codes()).toEqual(['none', 'none']);
    expect(machine.log.take(/^read /)).toEqual(['read /f0', 'read /f1']);
    expect(Buffer.compare(surroundings.read('/f1'), BIG)).toBe(0);
    expect(surroundings.read('/f0').toString()).toBe('small');
    expect(writer.finish()).toMatchObject({ writtenBytes: BIG.byteLength + 5, filesDone: 2 });
  });

  it('fail by name when it is not so again', () => {
    const { machine, surroundings, send, commit, codes } = written();
    machine.syncAll();
    machine.flipBit('/.f1.jspart-t-1', 0, 0);
    commit();
    send(1);
    machine.syncAll();
    machine.flipBit('/.f1.jspart-t-1', 0, 0);
    commit();
    expect(codes()).toEqual(['none', 'digest-mismatch']);
    expect(surroundings.names()).toEqual(['f0']);
  });

  it('that were sent twice already fail at once: no block is sent a third time', () => {
    const { machine, writer, send, commit, codes, requests } = written({ sizes: [5, 2 * BLOCK_BYTES] });
    expect(codes()).toEqual([]);
    machine.syncAll();
    machine.flipBit('/.f1.jspart-t-1', 0, 0);
    commit();
    expect(requests).toEqual([{ block: 1, chunks: [0] }]);
    const wrong = new Uint8Array(BLOCK_BYTES);
    expect(writer.writeBlock(1, wrong, blake3(BIG)).results).toMatchObject([{ code: 'digest-mismatch' }]);
    expect(send(1)).toMatchObject({ wantedChunks: [], results: [] });
  });

  it('fail when they cannot be read', () => {
    const { machine, commit, codes } = written();
    machine.faults.add({ operation: 'open file', errno: 'EIO', path: /f1$/, times: 1 });
    commit();
    expect(codes()).toEqual(['none', 'io-error']);
  });

  it('are asked for again where they cannot be read in part', () => {
    const { machine, commit, requests } = written();
    machine.faults.add({ operation: 'read', errno: 'EIO', path: /f1$/, times: 1 });
    commit();
    expect(requests).toEqual([{ block: 1, chunks: [0] }]);
  });

  it('are asked for block by block, whatever files share one', () => {
    const machine = new FakeMachine();
    const options = { blake3, resolve, transferId: 't', maxEntries: 10, readBack: true };
    const writer = createTreeWriter({ fileSystem: machine.start(), ...options });
    const entry = { kind: 'file', size: 1, mtimeSeconds: 1, mtimeNanoseconds: 0, executable: false } as const;
    writer.addEntries(
      0,
      ['a', 'b', 'c'].map((targetPath) => ({ ...entry, targetPath, sourceInode: 1 })),
    );
    writer.endManifest(3);
    writer.writeBlock(
      0,
      Buffer.from('abc'),
      Buffer.concat(['a', 'b', 'c'].map((text) => blake3(Buffer.from(text)))),
    );
    machine.syncAll();
    machine.flipBit('/.c.jspart-t-2', 0);
    machine.flipBit('/.a.jspart-t-0', 0);
    const { results, requests } = writer.commitReady();
    expect(results.map(({ target }) => target)).toEqual(['/b']);
    expect(requests).toEqual([{ block: 0, chunks: [0, 2] }]);
    const uses = Uint8Array.of(1, 0, 1);
    const digests = Buffer.concat(['a', 'c'].map((text) => blake3(Buffer.from(text))));
    writer.writeBlock(0, Buffer.from('ac'), digests, uses);
    expect(writer.commitReady().results.map(({ code }) => code)).toEqual(['none', 'none']);
  });

  it('have their holes looked at, not read; and what is none there is found', () => {
    const machine = new FakeMachine();
    const options = { blake3, resolve, transferId: 't', maxEntries: 10, readBack: true };
    const writer = createTreeWriter({ fileSystem: machine.start(), ...options });
    const size = 2 ** 12 * BLOCK_BYTES;
    const time = { mtimeSeconds: 1, mtimeNanoseconds: 0 };
    const entry = {
      kind: 'file',
      targetPath: 'f',
      size,
      ...time,
      executable: false,
      sourceInode: 1,
    } as const;
    writer.addEntries(0, [entry]);
    writer.endManifest(1);
    writer.addHoles(0, 0, 2 ** 12);
    machine.syncAll();
    machine.flipBit('/.f.jspart-t-0', 5 * BLOCK_BYTES + 1);
    machine.log.take();
    const requests: unknown[] = [];
    do requests.push(...writer.commitReady().requests);
    while (writer.readyEntries > 0);
    expect(requests).toEqual([{ block: 5, chunks: [0] }]);
    expect(machine.log.take(/^read /).length).toBeLessThan(3);
  });
});
