import { createTargetResolver } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { decodeSegment } from './digest-segment.ts';
import type { ResumeRecord, ResumeUpdate } from './resume-record.ts';
import { bothMachines } from './testing/both-machines.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { randomContent } from './testing/random-tree.ts';
import { RecordStore } from './testing/record-store.ts';
import { seededRandom } from './testing/seeded-random.ts';
import type { Surroundings } from './testing/surroundings.ts';
import { type TransferOptions, transfer } from './testing/transfer.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeWriter, type TreeWriter, type TreeWriterOptions } from './tree-writer.ts';

const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({});
const CONTENT = randomContent(seededRandom(1), 5 * BLOCK_BYTES + 17);

/** A source with a file of six chunks, which are the blocks of a copy, and a place to copy it to, again and again. */
class Copies {
  readonly surroundings: Surroundings;
  readonly store = new RecordStore();
  readonly updates: ResumeUpdate[] = [];
  #runs = 0;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    surroundings.makeDirectory('/source');
    surroundings.makeDirectory('/target/copy');
    surroundings.write('/source/big', CONTENT);
    surroundings.setTime('/source/big', 1_600_000_000, 500_000_000);
  }

  writer(options: Partial<TreeWriterOptions> = {}): TreeWriter {
    return createTreeWriter({
      fileSystem: this.surroundings.open('/target'),
      blake3,
      resolve,
      transferId: `0123abcd${String(++this.#runs).padStart(8, '0')}00000000`,
      maxEntries: 1000,
      umask: 0o022,
      resumable: true,
      pathOf: (components) => ['/target', ...components].join('/'),
      uid: this.surroundings.status('/target')!.uid,
      ...options,
    });
  }

  run(writer: TreeWriter, options: TransferOptions = {}) {
    const reader = createTreeReader({
      fileSystem: this.surroundings.open('/source'),
      blake3,
      mappings: [{ source: '/', target: 'copy' }],
      symlinks: 'follow',
    });
    const outcome = transfer(reader, writer, {
      claim: (lookups) => this.store.claim(lookups),
      onCheckpoint: (updates) => this.save(updates),
      onResult: ({ recordKey }) => this.store.remove(recordKey === undefined ? [] : [recordKey]),
      ...options,
    });
    reader.close();
    return outcome;
  }

  /** A copy to its end. */
  complete(options: TransferOptions = {}, writerOptions: Partial<TreeWriterOptions> = {}) {
    const writer = this.writer(writerOptions);
    const outcome = this.run(writer, options);
    const { deadPartials, ...progress } = writer.finish();
    writer.removeDead(this.store.dead(deadPartials));
    return { ...outcome, progress };
  }

  /** A copy whose connection is lost after so many blocks. */
  suspended(maxBlocks: number): void {
    const writer = this.writer();
    this.run(writer, { maxBlocks });
    this.save(writer.suspend());
  }

  save(updates: readonly ResumeUpdate[]): void {
    this.updates.push(...updates);
    this.store.save(updates);
  }

  get record(): ResumeRecord {
    return this.store.records.get('/target/copy/big')!;
  }

  get partialPath(): string {
    return `/target/copy/${this.record.partialName}`;
  }

  get left(): string[] {
    return this.surroundings.names('/target').filter((name) => name.includes('.jspart-'));
  }

  /** The copy is whole, and nothing else is there. */
  expectWhole(): void {
    expect(this.surroundings.names('/target/copy')).toEqual(['big']);
    const [source, target] = ['source', 'target/copy'].map((root) => this.surroundings.read(`/${root}/big`));
    expect(Buffer.compare(source!, target!)).toBe(0);
    expect(this.store.records.size).toBe(0);
  }
}

function chunksOf(updates: readonly Pick<ResumeUpdate, 'segments'>[]): number[] {
  return updates.flatMap(({ segments }) =>
    segments.flatMap(({ number, digests }) =>
      decodeSegment(digests)!.map(({ chunk }) => number * 1024 + chunk),
    ),
  );
}

describe.each(bothMachines)('a copy that was suspended, on %s', (_, surroundingsOf) => {
  it('is gone on with: only the rest is sent, and what was there is told', () => {
    const copies = new Copies(surroundingsOf());
    copies.suspended(3);
    expect(chunksOf([copies.record])).toEqual([0, 1, 2]);
    expect(copies.left).toEqual([`copy/${copies.record.partialName}`]);
    const { sentBytes, results, notes, progress } = copies.complete();
    expect(sentBytes).toBe(CONTENT.byteLength - 3 * BLOCK_BYTES);
    expect(
      results.filter(({ recordKey }) => recordKey !== undefined).map(({ recordKey }) => recordKey),
    ).toEqual(['/target/copy/big']);
    expect(notes).toEqual([`/copy/big: goes on from ${3 * BLOCK_BYTES} of ${CONTENT.byteLength} bytes`]);
    expect(progress.presentBytes).toBe(3 * BLOCK_BYTES);
    expect(progress.durableBytes).toBe(CONTENT.byteLength);
    expect(progress.writtenBytes).toBe(progress.durableBytes);
    copies.expectWhole();
  });

  it('takes what came before anything was known of its target, and does not write it twice', () => {
    const copies = new Copies(surroundingsOf());
    copies.suspended(3);
    const { sentBytes } = copies.complete({ isEager: true, planBytes: 1 });
    expect(sentBytes).toBe(CONTENT.byteLength - BLOCK_BYTES);
    copies.expectWhole();
  });

  it('can be suspended again and again', () => {
    const copies = new Copies(surroundingsOf());
    for (const blocks of [1, 3, 4, 5]) copies.suspended(blocks);
    copies.complete();
    copies.expectWhole();
  });

  it('begins anew when its source changed, and says so', () => {
    for (const change of [
      (files: Surroundings) => files.setTime('/source/big', 1_600_000_001, 500_000_000),
      (files: Surroundings) => files.setTime('/source/big', 1_600_000_000, 500_000_001),
      (files: Surroundings) => {
        files.write('/source/other', CONTENT);
        files.setTime('/source/other', 1_600_000_000, 500_000_000);
        files.rename('/source/other', '/source/big');
      },
      (files: Surroundings) => files.truncate('/source/big', 3 * BLOCK_BYTES),
    ]) {
      const copies = new Copies(surroundingsOf());
      copies.suspended(3);
      change(copies.surroundings);
      const { notes, progress } = copies.complete();
      expect(notes).toEqual(['/copy/big: starts again: its source changed since 2020-09-13T12:26:40.000Z']);
      expect(progress.presentBytes).toBe(0);
      copies.expectWhole();
    }
  });

  const changes: [string, RegExp, (copies: Copies) => void][] = [
    ['is gone', /its unfinished file is gone$/, (copies) => copies.surroundings.remove(copies.partialPath)],
    [
      'has a second name',
      /somebody changed its unfinished file$/,
      ({ surroundings, partialPath }) => surroundings.link(partialPath, '/target/second'),
    ],
    [
      'is another file',
      /somebody changed its unfinished file$/,
      ({ surroundings, partialPath }) => {
        surroundings.rename(partialPath, '/target/kept');
        surroundings.write(partialPath, CONTENT.subarray(0, 3 * BLOCK_BYTES));
      },
    ],
    [
      'is a symlink',
      /something else stands in place of its unfinished file$/,
      ({ surroundings, partialPath }) => {
        surroundings.rename(partialPath, '/target/kept');
        surroundings.makeSymlink('../kept', partialPath);
      },
    ],
    [
      'is a directory',
      /something else stands in place of its unfinished file$/,
      ({ surroundings, partialPath }) => {
        surroundings.remove(partialPath);
        surroundings.makeDirectory(partialPath);
      },
    ],
    [
      'is longer than the file',
      /somebody changed its unfinished file$/,
      ({ surroundings, partialPath }) => surroundings.append(partialPath, 'x'.repeat(3 * BLOCK_BYTES)),
    ],
  ];
  it.each(changes)('begins anew when its unfinished file %s', (_, reason, change) => {
    const copies = new Copies(surroundingsOf());
    copies.suspended(3);
    const { partialPath, surroundings } = copies;
    change(copies);
    const { notes, results, progress } = copies.complete();
    expect(notes).toEqual([expect.stringMatching(/^\/copy\/big: starts again: /)]);
    expect(notes[0]).toMatch(reason);
    expect(results.every(({ code }) => code === 'none')).toBe(true);
    expect(progress.presentBytes).toBe(0);
    // What somebody else put there is theirs.
    if (surroundings.status(partialPath)?.kind !== undefined) surroundings.remove(partialPath);
    copies.expectWhole();
  });

  it('of somebody else is not gone on with', () => {
    const copies = new Copies(surroundingsOf());
    copies.suspended(3);
    const { progress } = copies.complete({}, { uid: 4711 });
    expect(progress.presentBytes).toBe(0);
    copies.expectWhole();
  });

  it('sends again what is not on the disk as recorded, or behind its end', () => {
    const copies = new Copies(surroundingsOf());
    copies.suspended(4);
    const damaged = copies.surroundings.read(copies.partialPath);
    damaged[BLOCK_BYTES + 5]! ^= 1;
    copies.surroundings.write(copies.partialPath, damaged.subarray(0, 3 * BLOCK_BYTES + 100));
    const { sentBytes, notes } = copies.complete();
    expect(sentBytes).toBe(CONTENT.byteLength - 2 * BLOCK_BYTES);
    expect(notes).toEqual([expect.stringContaining('2 MiB were not as recorded')]);
    copies.expectWhole();
  });

  it('leaves nothing in the holes of a file that it goes on with', () => {
    const copies = new Copies(surroundingsOf());
    const { surroundings } = copies;
    const holey = Buffer.alloc(CONTENT.byteLength);
    CONTENT.copy(holey, 0, 0, 2 * BLOCK_BYTES);
    CONTENT.copy(holey, 5 * BLOCK_BYTES, 5 * BLOCK_BYTES);
    surroundings.write('/source/big', holey);
    surroundings.setTime('/source/big', 1_600_000_000);
    copies.suspended(2);
    const rubbish = surroundings.read(copies.partialPath);
    surroundings.write(
      copies.partialPath,
      Buffer.concat([rubbish, Buffer.alloc(2 * BLOCK_BYTES, 'rubbish')]),
    );
    expect(copies.complete().progress.presentBytes).toBe(2 * BLOCK_BYTES);
    copies.expectWhole();
  });
});

describe('a checkpoint', () => {
  function fakeCopies(): { copies: Copies; machine: FakeMachine } {
    const machine = new FakeMachine();
    const copies = new Copies(fakeSurroundings(machine));
    machine.syncAll();
    machine.log.take();
    return { copies, machine };
  }

  it('has what was written since the last one, made durable with its name before', () => {
    const { copies, machine } = fakeCopies();
    const writer = copies.writer();
    const steps: string[][] = [];
    const chunks: number[][] = [];
    copies.run(writer, {
      maxBlocks: 3,
      checkpointBlocks: 1,
      onCheckpoint(updates) {
        steps.push(machine.log.take(/^(sync|write \/copy\/big)/));
        chunks.push(chunksOf(updates));
      },
    });
    expect(chunks).toEqual([[0], [0, 1], [0, 1, 2]]);
    expect(steps).toEqual([
      ['write /copy/big', 'sync file /copy/big', 'sync directory /', 'sync directory /copy'],
      ['write /copy/big', 'sync file /copy/big'],
      ['write /copy/big', 'sync file /copy/big'],
    ]);
    expect(writer.checkpoint().updates).toEqual([]);
    expect(machine.log.take(/^sync/)).toEqual([]);
    writer.abort();
    expect(copies.left).toEqual([]);
  });

  it('counts what is durable of unfinished files, and counts it once', () => {
    const { copies } = fakeCopies();
    copies.suspended(2);
    const writer = copies.writer();
    copies.run(writer, { maxBlocks: 3 });
    expect(writer.progress.durableBytes).toBe(2 * BLOCK_BYTES);
    expect(writer.checkpoint().durableBytes).toBe(3 * BLOCK_BYTES);
    expect(writer.progress.durableBytes).toBe(2 * BLOCK_BYTES);
    expect(writer.checkpoint().durableBytes).toBe(3 * BLOCK_BYTES);
    writer.abort();
  });

  it('fails a file whose content was lost, and records nothing of it', () => {
    const { copies, machine } = fakeCopies();
    const writer = copies.writer();
    copies.run(writer, { maxBlocks: 3 });
    machine.faults.add({ operation: 'write-back', errno: 'EIO', path: /big/, times: 1 });
    expect(writer.checkpoint().updates).toEqual([]);
    expect(writer.readyEntries).toBeGreaterThan(0);
    const { results } = writer.commitReady();
    expect(results.map(({ target, code }) => [target, code])).toContainEqual(['/copy/big', 'io-error']);
    expect(copies.left).not.toContain(expect.stringContaining('big'));
    writer.abort();
  });

  it('records nothing while names cannot be made durable, and all of it later', () => {
    const { copies, machine } = fakeCopies();
    const writer = copies.writer();
    copies.run(writer, { maxBlocks: 2, order: () => [1, 2] });
    machine.faults.add({ operation: 'sync directory', errno: 'EIO', times: 1 });
    expect(writer.checkpoint()).toEqual({ updates: [], durableBytes: 0 });
    expect(chunksOf(writer.checkpoint().updates)).toEqual([1, 2]);
    writer.abort();
  });

  it('changes no header of a record, whoever goes on with it', () => {
    const { copies } = fakeCopies();
    for (const blocks of [2, 4, 5]) copies.suspended(blocks);
    const headers = new Set(copies.updates.map(({ header }) => JSON.stringify(header)));
    expect(headers.size).toBe(1);
  });

  it('costs small files nothing', () => {
    const logs = [true, false].map((resumable) => {
      const { copies, machine } = fakeCopies();
      copies.surroundings.write('/source/big', 'not big');
      machine.log.take();
      const writer = copies.writer({ resumable });
      copies.run(writer, { checkpointBlocks: 1 });
      return machine.log.take();
    });
    expect(logs[0]).toEqual(logs[1]);
  });
});

describe('what ends early', () => {
  it('keeps what has a record; the rest is removed', () => {
    const copies = new Copies(fakeSurroundings());
    copies.surroundings.write('/source/small', CONTENT.subarray(0, 5));
    const writer = copies.writer();
    copies.run(writer, { maxBlocks: 2, order: () => [4, 5] });
    expect(copies.left).toHaveLength(2);
    writer.suspend();
    expect(copies.left).toEqual([expect.stringMatching(/^copy\/\.big\.jspart-/)]);
  });

  it('keeps nothing that another transfer records', () => {
    const copies = new Copies(fakeSurroundings());
    const writer = copies.writer();
    const claim: TransferOptions['claim'] = (lookups) =>
      lookups.map(({ index }) => ({ index, record: undefined, recordable: false }));
    copies.run(writer, { maxBlocks: 3, claim });
    expect(writer.suspend()).toEqual([]);
    expect(copies.left).toEqual([]);
  });

  it('keeps a record that was not answered, or not checked yet, with its file', () => {
    for (const planBytes of [undefined, 1]) {
      const copies = new Copies(fakeSurroundings());
      copies.suspended(3);
      const [before, partialPath] = [copies.record, copies.partialPath];
      const writer = copies.writer();
      const entry = { kind: 'file', targetPath: 'copy/big', size: CONTENT.byteLength } as const;
      const sourceInode = copies.record.sourceInode;
      const time = { mtimeSeconds: 1_600_000_000, mtimeNanoseconds: 500_000_000 };
      const { lookups } = writer.addEntries(0, [{ ...entry, ...time, executable: false, sourceInode }]);
      if (planBytes !== undefined) {
        writer.resume(copies.store.claim(lookups));
        expect(writer.plan(planBytes)).toMatchObject({ plannedBlocks: 1, more: true });
        expect(writer.progress.activity).toBe('checking');
      } else expect(writer.plan(1)).toMatchObject({ plannedBlocks: 0, more: false });
      copies.save(writer.suspend());
      expect(copies.record).toEqual(before);
      expect(copies.surroundings.status(partialPath)).toBeDefined();
    }
  });

  it.each([
    ['ENOSPC', 'disk-full', true],
    ['EDQUOT', 'quota-exceeded', true],
    ['EIO', 'io-error', true],
  ] as const)('by %s keeps what is recorded of the file', (errno, code, isKept) => {
    const machine = new FakeMachine();
    const copies = new Copies(fakeSurroundings(machine));
    const writer = copies.writer();
    machine.faults.add({ operation: 'write', errno, path: /big/, after: 3, times: 1 });
    const { results } = copies.run(writer, { checkpointBlocks: 1 });
    expect(results.find(({ target }) => target === '/copy/big')).toMatchObject({ code });
    expect(results.find(({ target }) => target === '/copy/big')?.recordKey).toBeUndefined();
    expect(copies.left).toHaveLength(isKept ? 1 : 0);
    writer.finish();
    expect(copies.complete().progress.presentBytes).toBeGreaterThanOrEqual(3 * BLOCK_BYTES);
    copies.expectWhole();
  });

  it('by content that never agrees removes the file and its record', () => {
    const copies = new Copies(fakeSurroundings());
    const writer = copies.writer();
    const tamper: TransferOptions['tamper'] = (block, bytes) => {
      if (block === 4) bytes[0]! ^= 1;
    };
    const { results } = copies.run(writer, { checkpointBlocks: 1, tamper });
    expect(results.find(({ target }) => target === '/copy/big')).toMatchObject({
      code: 'digest-mismatch',
      recordKey: '/target/copy/big',
    });
    expect([copies.left, copies.store.records.size]).toEqual([[], 0]);
  });
});

describe('what was not planned', () => {
  it('is a violation while it is not known what is there of its file', () => {
    const copies = new Copies(fakeSurroundings());
    const writer = copies.writer();
    const entry = { kind: 'file', targetPath: 'x', size: 3 * BLOCK_BYTES } as const;
    const time = { mtimeSeconds: 1, mtimeNanoseconds: 0 };
    writer.addEntries(0, [{ ...entry, ...time, executable: false, sourceInode: 1 }]);
    const bytes = new Uint8Array(BLOCK_BYTES);
    const violation = expect.objectContaining({ code: 'protocol-violation' });
    expect(() => writer.writeBlock(0, bytes, blake3(bytes))).toThrow(violation);
    expect(() => writer.addHoles(0, 0, 1)).toThrow(violation);
  });
});

describe('unfinished files of processes that died', () => {
  const dead = '.big.jspart-0123abcd9999999900000000-1';
  const others = [
    '.big.jspart-0123abcd0000000111111111-1',
    '.big.jspart-ffffffff9999999900000000-1',
    '.big.jspart-0123abcd99999999-1',
    'big.jspart-0123abcd9999999900000000-1',
    '.big.jspart-0123abcd9999999900000000-1.txt',
  ];

  it.each(bothMachines)(
    'are removed, those of others and of recorded files are not: %s',
    (_, surroundingsOf) => {
      const copies = new Copies(surroundingsOf());
      const { surroundings } = copies;
      surroundings.write('/target/elsewhere', '');
      for (const name of [dead, ...others]) surroundings.write(`/target/copy/${name}`, 'x');
      surroundings.makeDirectory('/target/copy/.d.jspart-0123abcd9999999900000000-2');
      const writer = copies.writer();
      copies.run(writer);
      const { deadPartials } = writer.finish();
      expect(deadPartials.map(({ path }) => path).sort()).toEqual(
        [`/target/copy/${dead}`, '/target/copy/.d.jspart-0123abcd9999999900000000-2'].sort(),
      );
      writer.removeDead(deadPartials);
      const left = surroundings.names('/target/copy').filter((name) => name.includes('.jspart-'));
      expect(left).toEqual([...others, '.d.jspart-0123abcd9999999900000000-2'].sort());
    },
  );

  it('are not looked for in directories that were made, or without a database', () => {
    const copies = new Copies(fakeSurroundings());
    copies.surroundings.write(`/target/copy/${dead}`, 'x');
    const writer = copies.writer({ resumable: false });
    copies.run(writer);
    expect(writer.finish().deadPartials).toEqual([]);
  });
});
