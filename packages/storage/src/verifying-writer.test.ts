import { createTargetResolver } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { bothMachines } from './testing/both-machines.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import type { Surroundings } from './testing/surroundings.ts';
import { transfer } from './testing/transfer.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeWriter, type EntryResult } from './tree-writer.ts';

const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({});

/** Copies what is in `/source` into `/target`, or compares the two. */
function run(surroundings: Surroundings, verify: boolean): EntryResult[] {
  const reader = createTreeReader({
    fileSystem: surroundings.open('/source'),
    blake3,
    mappings: [{ source: '/', target: 'copy' }],
    symlinks: 'follow',
    verify,
  });
  const writer = createTreeWriter({
    fileSystem: surroundings.open('/target'),
    blake3,
    resolve,
    transferId: 't',
    maxEntries: 1000,
    verify,
  });
  const { results } = transfer(reader, writer);
  expect(writer.settled).toBe(true);
  const { filesDone, failed } = writer.finish();
  expect(filesDone + failed).toBe(
    results.filter(({ kind, code }) => kind === 'file' || code !== 'none').length,
  );
  return results;
}

function codes(results: readonly EntryResult[]): Record<string, string> {
  return Object.fromEntries(results.map(({ target, code }) => [target, code]));
}

describe.each(bothMachines)('a verification on %s', (_, make) => {
  it('finds a copy equal, with the digests of the copy, and changes nothing of it', () => {
    const surroundings = make();
    surroundings.makeDirectory('/source/empty directory');
    for (const [name, size] of Object.entries({ empty: 0, small: 5, block: BLOCK_BYTES, large: 3_000_000 })) {
      surroundings.write(`/source/${name}`, Buffer.alloc(size, name));
    }
    surroundings.write('/source/sparse', 'x');
    surroundings.truncate('/source/sparse', 20 * BLOCK_BYTES + 3);
    const digests = (results: readonly EntryResult[]) =>
      Object.fromEntries(results.map(({ target, digest }) => [target, Buffer.from(digest).toString('hex')]));
    const copied = run(surroundings, false);
    const before = surroundings.names('/target').map((name) => surroundings.status(`/target/${name}`));
    const verified = run(surroundings, true);
    expect(digests(verified)).toEqual(digests(copied));
    expect(new Set(Object.values(codes(verified)))).toEqual(new Set(['none']));
    expect(verified.every(({ skipped }) => skipped)).toBe(true);
    expect(surroundings.names('/target').map((name) => surroundings.status(`/target/${name}`))).toEqual(
      before,
    );
  });

  it('names what is missing or differs, and makes none of it', () => {
    const surroundings = make();
    const names = ['same', 'shorter', 'other', 'later', 'hole', 'missing', 'directory', 'link', 'fifo'];
    surroundings.makeDirectory('/source/absent/deeper');
    surroundings.write('/source/absent/deeper/file', 'x');
    for (const name of names) surroundings.write(`/source/${name}`, Buffer.alloc(3 * BLOCK_BYTES, 'x'));
    surroundings.write('/source/hole', 'x');
    surroundings.truncate('/source/hole', 9 * BLOCK_BYTES);
    run(surroundings, false);
    for (const name of ['missing', 'directory', 'link', 'fifo', 'absent'])
      surroundings.remove(`/target/copy/${name}`);
    surroundings.truncate('/target/copy/shorter', 5);
    surroundings.write('/target/copy/other', Buffer.alloc(3 * BLOCK_BYTES, 'y'));
    const later = Buffer.alloc(3 * BLOCK_BYTES, 'x');
    later[later.byteLength - 1] = 0;
    surroundings.write('/target/copy/later', later);
    const hole = Buffer.alloc(9 * BLOCK_BYTES);
    hole.set(Buffer.from('x'));
    hole[5 * BLOCK_BYTES + 7] = 1;
    surroundings.write('/target/copy/hole', hole);
    surroundings.makeDirectory('/target/copy/directory');
    surroundings.makeSymlink('same', '/target/copy/link');
    surroundings.makeFifo('/target/copy/fifo');
    const before = surroundings.names('/target');
    expect(codes(run(surroundings, true))).toEqual({
      '/copy': 'none',
      '/copy/same': 'none',
      '/copy/shorter': 'content-differs',
      '/copy/other': 'content-differs',
      '/copy/later': 'content-differs',
      '/copy/hole': 'content-differs',
      '/copy/missing': 'not-found',
      '/copy/directory': 'is-a-directory',
      '/copy/link': 'content-differs',
      '/copy/fifo': 'content-differs',
      '/copy/absent': 'not-found',
      '/copy/absent/deeper': 'not-found',
      '/copy/absent/deeper/file': 'not-found',
    });
    expect(surroundings.names('/target')).toEqual(before);
  });
});

describe('a verification', () => {
  it('reads the disk, not what is still in memory of it, and only reads', () => {
    const machine = new FakeMachine();
    const surroundings = fakeSurroundings(machine);
    surroundings.makeDirectory('/source');
    surroundings.makeDirectory('/target');
    for (const name of ['lost', 'kept', 'unreadable']) surroundings.write(`/source/${name}`, 'content');
    run(surroundings, false);
    surroundings.write('/target/copy/lost', 'CONTENT');
    machine.faults.add({ operation: 'write-back', errno: 'EIO', path: /lost/ });
    machine.syncAll();
    surroundings.write('/source/lost', 'CONTENT');
    machine.faults.clear();
    machine.faults.add({ operation: 'read', errno: 'EIO', path: /copy.unreadable/ });
    machine.log.take();
    expect(codes(run(surroundings, true))).toEqual({
      '/copy': 'none',
      '/copy/kept': 'none',
      '/copy/lost': 'content-differs',
      '/copy/unreadable': 'io-error',
    });
    const steps = machine.log.take(/^(create|make|rename|remove|link|set|write|truncate|sync)/);
    expect(steps).toEqual([]);
  });

  it('of 1 TiB with 10 MiB of content takes no longer than the content', () => {
    const surroundings = fakeSurroundings();
    surroundings.makeDirectory('/target');
    for (const root of ['/source', '/target/copy']) {
      surroundings.makeDirectory(root);
      surroundings.write(`${root}/sparse`, '');
      surroundings.truncate(`${root}/sparse`, 2 ** 40);
    }
    const writer = createTreeWriter({
      fileSystem: surroundings.open('/target'),
      blake3,
      resolve,
      transferId: 't',
      maxEntries: 1,
      verify: true,
    });
    const entry = { mtimeSeconds: 0, mtimeNanoseconds: 0, executable: false, sourceInode: 1 };
    writer.addEntries(0, [{ kind: 'file', targetPath: 'copy/sparse', size: 2 ** 40, ...entry }]);
    writer.endManifest(1);
    const violation = expect.objectContaining({ code: 'protocol-violation' });
    expect(() => writer.addHoles(0, 5, 2 ** 20)).toThrow(violation);
    expect(() => writer.addHoles(1, 0, 1)).toThrow(violation);
    writer.addHoles(0, 0, 2 ** 20);
    expect(writer.readyEntries).toBe(1);
    expect(writer.commitReady().results).toMatchObject([{ code: 'none', bytes: 2 ** 40 }]);
    expect(writer.settled).toBe(true);
  });
});
