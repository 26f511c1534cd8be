import { BLOCK_BYTES, ChunkUse, DIGEST_BYTES } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import {
  createTreeReader,
  type ReaderBatch,
  type TreeReader,
  type TreeReaderOptions,
} from './tree-reader.ts';

const blake3 = await loadBlake3();
const memory = new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES));

interface FileSpec {
  size: number;
  /** Written in the file, the rest is holes. */
  pieces: readonly { at: number; byteLength: number }[];
  /** Of each chunk, what the receiver has: it, another version, or nothing. */
  standing: readonly ('same' | 'other' | 'none')[];
  digestsFirst: boolean;
  /** Of the chunks that are there it tells in so many plans. */
  plans: number;
}

/** Something that the receiver got of a chunk. */
type Got = Uint8Array | 'hole' | 'had' | 'equal';

const fileSpec: fc.Arbitrary<FileSpec> = fc
  .oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 4 * BLOCK_BYTES + 999 }))
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      pieces: fc.array(
        fc.record({ at: fc.nat(size - 1), byteLength: fc.integer({ min: 1, max: 300_000 }) }),
        {
          maxLength: 3,
        },
      ),
      standing: fc.array(fc.constantFrom('same', 'same', 'other', 'none'), { minLength: 5, maxLength: 5 }),
      digestsFirst: fc.boolean(),
      plans: fc.integer({ min: 0, max: 2 }),
    }),
  );

interface Source {
  machine: FakeMachine;
  surroundings: ReturnType<typeof fakeSurroundings>;
  reader: TreeReader;
  batch: ReaderBatch;
  /** Index of an entry by its target. */
  indexOf(target: string): number;
}

function sourceOf(
  fill: (surroundings: Source['surroundings']) => void,
  options: Partial<TreeReaderOptions> & { tellsHoles?: boolean } = {},
): Source {
  const machine = new FakeMachine({ tellsHoles: options.tellsHoles ?? true });
  const surroundings = fakeSurroundings(machine);
  fill(surroundings);
  const reader = createTreeReader({
    fileSystem: machine.start(),
    blake3,
    mappings: [{ source: '/', target: 't' }],
    symlinks: 'follow',
    ...options,
  });
  const batch = reader.nextBatch(10_000);
  expect(batch.done).toBe(true);
  const indexOf = (target: string) => batch.entries.findIndex(({ targetPath }) => targetPath === target);
  return { machine, surroundings, reader, batch, indexOf };
}

function writeSparse({ surroundings }: Pick<Source, 'surroundings'>, path: string, spec: Partial<FileSpec>) {
  surroundings.write(path, '');
  const file = surroundings.open().openDirectory([]).reopenFile(path.slice(1), path);
  for (const { at, byteLength } of spec.pieces ?? [])
    file.write(Buffer.alloc(byteLength, 1 + (at % 251)), at);
  file.close();
  surroundings.truncate(path, spec.size!);
}

/** Alternating gaps and counts of the chunks that stand there. */
function haveOf(chunks: readonly number[]): number[] {
  const have: number[] = [];
  let at = 0;
  for (const chunk of chunks) {
    have.push(chunk - at, 1);
    at = chunk + 1;
  }
  return have;
}

/** A receiver: takes what comes of the blocks, in order, and asks for what was offered and differs. */
class Receiver {
  readonly got = new Map<string, Got>();
  readonly failed = new Map<number, string>();
  readonly #source: Source;
  readonly #files: { index: number; target: string; size: number; address: number }[];
  reads = 0;

  constructor(source: Source) {
    this.#source = source;
    let end = 0;
    this.#files = source.batch.entries.flatMap(({ size, targetPath }, index) => {
      if (size === 0) return [];
      const used = end % BLOCK_BYTES;
      const address = used === 0 || size <= BLOCK_BYTES - used ? end : end - used + BLOCK_BYTES;
      end = address + size;
      return [{ index, target: targetPath, size, address }];
    });
  }

  note(index: number, chunk: number, got: Got): void {
    const key = `${index}:${chunk}`;
    expect(this.got.has(key), `chunk ${key} came twice`).toBe(false);
    this.got.set(key, got);
  }

  run(differs: (index: number, chunk: number) => boolean): void {
    const last = Math.max(0, ...this.#files.map(({ address, size }) => address + size));
    for (let block = 0; block * BLOCK_BYTES < last; ) {
      const next = this.#take(block, undefined, differs);
      expect(next).toBeGreaterThan(block);
      block = next;
    }
  }

  #take(
    block: number,
    chunks: number[] | undefined,
    differs: (index: number, chunk: number) => boolean,
  ): number {
    this.reads++;
    memory.fill(0xee);
    const read = this.#source.reader.readBlock(block, memory, chunks);
    for (const { index, code } of read.failures) this.failed.set(index, code);
    if (read.holes !== undefined) {
      const { index, firstChunk, chunks } = read.holes;
      for (let at = 0; at < chunks; at++) this.note(index, firstChunk + at, 'hole');
    }
    const files = this.#files.filter(
      ({ address, size }) => address < (block + 1) * BLOCK_BYTES && address + size > block * BLOCK_BYTES,
    );
    const uses = read.uses ?? new Uint8Array(files.length).fill(ChunkUse.CONTENT);
    expect(uses.byteLength).toBe(files.length);
    let [offset, digests] = [0, 0];
    const wanted: number[] = [];
    for (const [position, { index, address, size }] of files.entries()) {
      const use = uses[position];
      if (use === ChunkUse.ABSENT) continue;
      const chunk = block - Math.floor(address / BLOCK_BYTES);
      const from = Math.max(address, block * BLOCK_BYTES);
      const byteLength = Math.min(address + size, (block + 1) * BLOCK_BYTES) - from;
      const digest = read.digests.subarray(digests, digests + DIGEST_BYTES);
      digests += DIGEST_BYTES;
      if (use === ChunkUse.OFFERED) {
        if (differs(index, chunk)) wanted.push(position);
        else this.note(index, chunk, 'equal');
        continue;
      }
      const content = memory.slice(offset, offset + byteLength);
      offset += byteLength;
      expect(Buffer.compare(digest, blake3(content))).toBe(0);
      this.note(index, chunk, content);
    }
    expect([read.byteLength, read.digests.byteLength]).toEqual([offset, digests]);
    if (wanted.length > 0) this.#take(block, wanted, differs);
    return read.nextBlock;
  }
}

function setUp(specs: readonly FileSpec[], tellsHoles: boolean) {
  const source = sourceOf(
    (surroundings) => {
      for (const [at, spec] of specs.entries()) writeSparse({ surroundings }, `/${at}`, spec);
    },
    { tellsHoles },
  );
  const receiver = new Receiver(source);
  const files = specs.map((spec, at) => {
    const index = source.indexOf(`t/${at}`);
    const chunks = Math.ceil(spec.size / BLOCK_BYTES);
    const same =
      spec.plans === 0 ? [] : [...Array(chunks).keys()].filter((chunk) => spec.standing[chunk] === 'same');
    const half = Math.ceil(same.length / spec.plans);
    for (const part of spec.plans === 2 ? [same.slice(0, half), same.slice(half)] : [same]) {
      source.reader.applyPlans([{ index, digestsFirst: spec.digestsFirst, have: haveOf(part) }]);
    }
    for (const chunk of same) receiver.note(index, chunk, 'had');
    return { spec, index, chunks, path: `/${at}` };
  });
  const differs = (index: number, chunk: number) =>
    files.find((file) => file.index === index)!.spec.standing[chunk] !== 'same';
  return { source, receiver, files, differs };
}

describe('blocks read by plan', () => {
  it('make the file again, each chunk once, whatever it has, its receiver has, and holes', () => {
    const check = fc.property(
      fc.array(fileSpec, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      (specs, tellsHoles) => {
        const { source, receiver, files, differs } = setUp(specs, tellsHoles);
        receiver.run(differs);
        expect(receiver.failed.size).toBe(0);
        for (const { index, chunks, path } of files) {
          const content = source.surroundings.read(path);
          for (let chunk = 0; chunk < chunks; chunk++) {
            const expected = content.subarray(chunk * BLOCK_BYTES, (chunk + 1) * BLOCK_BYTES);
            const got = receiver.got.get(`${index}:${chunk}`);
            expect(got, `${path} ${chunk}`).toBeDefined();
            if (got === 'hole') expect(expected.every((byte) => byte === 0)).toBe(true);
            else if (typeof got !== 'string') expect(Buffer.compare(got!, expected)).toBe(0);
            const isZero = chunks > 1 && got instanceof Uint8Array && expected.every((byte) => byte === 0);
            if (isZero && !files.find((file) => file.index === index)!.spec.digestsFirst) {
              expect.fail(`chunk ${chunk} of ${path} is a hole and was sent`);
            }
          }
        }
      },
    );
    fc.assert(check, { numRuns: 40 });
  });

  it('tell of a file that changed, even if nothing of it is read, and give the others whole', () => {
    const change = fc.constantFrom('touch', 'cut', 'grow', 'remove', 'replace');
    const check = fc.property(
      fc.array(fileSpec, { minLength: 2, maxLength: 4 }),
      change,
      fc.boolean(),
      (specs, what, tellsHoles) => {
        const { source, receiver, files, differs } = setUp(specs, tellsHoles);
        const { surroundings } = source;
        if (what === 'touch') surroundings.setTime('/0', 5);
        else if (what === 'cut') surroundings.truncate('/0', specs[0]!.size - 1);
        else if (what === 'grow') surroundings.append('/0', 'x');
        else surroundings.remove('/0');
        if (what === 'replace') writeSparse(source, '/0', specs[0]!);
        receiver.run(differs);
        const code = what === 'remove' ? 'not-found' : 'source-changed';
        expect([...receiver.failed]).toEqual([[files[0]!.index, code]]);
        for (const { index, chunks } of files.slice(1)) {
          for (let chunk = 0; chunk < chunks; chunk++)
            expect(receiver.got.has(`${index}:${chunk}`)).toBe(true);
        }
      },
    );
    fc.assert(check, { numRuns: 30 });
  });

  it.each(['read', 'seek', 'status', 'open file'] as const)(
    'name the file that fails at "%s", and give the others whole',
    (operation) => {
      const pieces = [{ at: 0, byteLength: BLOCK_BYTES + 5 }];
      const spec: FileSpec = {
        size: 3 * BLOCK_BYTES + 5,
        pieces,
        standing: [],
        digestsFirst: false,
        plans: 0,
      };
      const { source, receiver, files, differs } = setUp([spec, spec], true);
      source.machine.faults.add({
        operation,
        errno: 'EIO',
        path: /0$/,
        after: operation === 'open file' ? 0 : 1,
      });
      receiver.run(differs);
      expect([...receiver.failed]).toEqual([[files[0]!.index, 'io-error']]);
      for (let chunk = 0; chunk < 4; chunk++)
        expect(receiver.got.has(`${files[1]!.index}:${chunk}`)).toBe(true);
    },
  );
});

describe('a file of 1 TiB with 10 MiB of content', () => {
  const pieces = Array.from({ length: 10 }, (_, at) => ({
    at: at * 2 ** 36 + 12_345,
    byteLength: BLOCK_BYTES,
  }));
  const sparse = (surroundings: Source['surroundings']) => {
    writeSparse({ surroundings }, '/sparse', { size: 2 ** 40 + 77, pieces });
  };

  it.each([false, true])('is read in a few calls (only compared: %s)', (verify) => {
    const source = sourceOf(sparse, { verify });
    source.machine.log.take();
    let [bytes, offered, holes, reads] = [0, 0, 0, 0];
    for (let block = 0; block <= 2 ** 20; reads++) {
      const read = source.reader.readBlock(block, memory);
      bytes += read.byteLength;
      offered += read.uses?.filter((use) => use === ChunkUse.OFFERED).length ?? 0;
      holes += read.holes?.chunks ?? 0;
      block = read.nextBlock;
    }
    expect([bytes / BLOCK_BYTES, offered, holes]).toEqual([
      verify ? 0 : 20,
      verify ? 20 : 0,
      2 ** 20 + 1 - 20,
    ]);
    expect(reads).toBe(30);
    expect(source.machine.log.take(/^(seek|read|status|open)/).length).toBeLessThan(100);
  });

  it('is passed over in one call when the receiver has it, after one look', () => {
    const source = sourceOf((surroundings) => {
      sparse(surroundings);
      surroundings.write('/tail', 'content');
    });
    const index = source.indexOf('t/sparse');
    source.reader.applyPlans([{ index, digestsFirst: false, have: [0, 2 ** 20 + 1] }]);
    source.machine.log.take();
    const isFirst = index < source.indexOf('t/tail');
    const first = source.reader.readBlock(isFirst ? 0 : 1, memory);
    expect(first).toMatchObject({
      byteLength: 0,
      digests: new Uint8Array(0),
      failures: [],
      holes: undefined,
    });
    expect(first.nextBlock).toBe(isFirst ? 2 ** 20 : 2 ** 20 + 2);
    expect(source.machine.log.take(/sparse/)).toEqual(['open file /sparse', 'status /sparse']);
  });

  it('is passed over in one call when it is settled', () => {
    const source = sourceOf(sparse);
    source.reader.entrySettled(source.indexOf('t/sparse'));
    source.machine.log.take();
    expect(source.reader.readBlock(0, memory)).toMatchObject({ byteLength: 0, nextBlock: 2 ** 20 + 1 });
    expect(source.machine.log.take()).toEqual([]);
  });
});

describe('the next block', () => {
  it('is never behind one that may get more files', () => {
    const machine = new FakeMachine();
    const surroundings = fakeSurroundings(machine);
    for (let at = 0; at < 20; at++) surroundings.write(`/${at}`, Buffer.alloc(300_000));
    const mappings = [{ source: '/', target: 't' }];
    const reader = createTreeReader({ fileSystem: machine.start(), blake3, mappings, symlinks: 'ignore' });
    let sealed = 0;
    for (let done = false; !done; ) {
      const batch = reader.nextBatch(3);
      for (const { block, count } of batch.sealedBlocks) sealed = block + count;
      for (let at = 0; at < batch.entries.length; at++) reader.entrySettled(batch.firstIndex + at);
      for (let block = 0; block < sealed; block++)
        expect(reader.readBlock(block, memory).nextBlock).toBe(sealed);
      done = batch.done;
    }
    expect(sealed).toBe(7);
  });

  it('passes over files that failed or are settled, not over those among them that are wanted', () => {
    const source = sourceOf((surroundings) => {
      for (let at = 0; at < 12; at++) surroundings.write(`/${at}`, Buffer.alloc(600_000));
    });
    for (let index = 1; index <= 12; index++) if (index !== 8) source.reader.entrySettled(index);
    expect(source.reader.readBlock(0, memory).nextBlock).toBe(7);
    expect(source.reader.readBlock(7, memory)).toMatchObject({ byteLength: 600_000, nextBlock: 12 });
  });
});

describe('holes', () => {
  const threeChunks: Partial<FileSpec> = {
    size: 3 * BLOCK_BYTES - 1,
    pieces: [{ at: 0, byteLength: 5 }],
  };
  const fill = (surroundings: Source['surroundings']) => {
    writeSparse({ surroundings }, '/f', threeChunks);
    writeSparse({ surroundings }, '/small', { size: 100_000 });
  };

  it('are told once, also when their blocks are read again or in another order', () => {
    const { reader, indexOf } = sourceOf(fill);
    const index = indexOf('t/f');
    const first = indexOf('t/f') < indexOf('t/small') ? 0 : 1;
    expect(reader.readBlock(first + 2, memory).holes).toEqual({ index, firstChunk: 2, chunks: 1 });
    expect(reader.readBlock(first + 1, memory).holes).toEqual({ index, firstChunk: 1, chunks: 1 });
    expect(reader.readBlock(first + 1, memory)).toMatchObject({ holes: undefined, byteLength: 0 });
    expect(reader.readBlock(first, memory)).toMatchObject({ holes: undefined, byteLength: BLOCK_BYTES });
  });

  it('are content when the receiver asks for them', () => {
    const { reader, indexOf } = sourceOf(fill);
    const first = indexOf('t/f') < indexOf('t/small') ? 0 : 1;
    reader.applyPlans([{ index: indexOf('t/f'), digestsFirst: true, have: [1, 2] }]);
    expect(reader.readBlock(first + 1, memory, [0])).toMatchObject({
      byteLength: BLOCK_BYTES,
      uses: undefined,
      holes: undefined,
    });
  });

  it('are not looked for in files of one chunk', () => {
    const { reader, machine } = sourceOf((surroundings) =>
      writeSparse({ surroundings }, '/small', { size: BLOCK_BYTES }),
    );
    machine.log.take();
    expect(reader.readBlock(0, memory)).toMatchObject({ byteLength: BLOCK_BYTES, holes: undefined });
    expect(machine.log.take(/seek/)).toEqual([]);
  });
});

describe('a plan', () => {
  it('of a million chunks, every second one there, is a matter of moments', () => {
    const { reader, indexOf } = sourceOf((surroundings) =>
      writeSparse({ surroundings }, '/f', { size: 2 ** 40, pieces: [] }),
    );
    const index = indexOf('t/f');
    for (let first = 0; first < 2 ** 20; first += 2 ** 15) {
      const have = Array.from({ length: 2 ** 15 }, (_, at) => (at === 0 ? first : 1));
      reader.applyPlans([{ index, digestsFirst: false, have }]);
    }
    expect(reader.readBlock(0, memory)).toMatchObject({ holes: undefined, nextBlock: 1 });
    const holes = { index, firstChunk: 2 ** 19 + 1, chunks: 1 };
    expect(reader.readBlock(2 ** 19 + 1, memory)).toMatchObject({ holes, nextBlock: 2 ** 19 + 3 });
  });

  it.each([
    ['of an entry that is not there', 9, [0, 1]],
    ['of an entry without content', 0, [0, 0]],
    ['of chunks behind the end of the file', 1, [2, 2]],
    ['of chunks that were told', 1, [0, 1]],
    ['of chunks before those that were told', 1, [0, 1, 1, 1]],
  ] as const)('[PL-5] %s is a violation', (_, index, have) => {
    const { reader } = sourceOf((surroundings) =>
      writeSparse({ surroundings }, '/f', { size: 3 * BLOCK_BYTES }),
    );
    reader.applyPlans([{ index: 1, digestsFirst: false, have: [1, 1] }]);
    expect(() => reader.applyPlans([{ index, digestsFirst: false, have }])).toThrow(
      expect.objectContaining({ code: 'protocol-violation' }),
    );
  });

  it('of a settled entry is passed over: they met on the way', () => {
    const { reader } = sourceOf((surroundings) => surroundings.write('/f', 'abc'));
    reader.entrySettled(1);
    reader.applyPlans([{ index: 1, digestsFirst: true, have: [0, 1] }]);
  });
});

it('content asked for in a comparison is a violation', () => {
  const { reader } = sourceOf((surroundings) => surroundings.write('/f', 'abc'), { verify: true });
  expect(reader.readBlock(0, memory)).toMatchObject({ byteLength: 0, uses: Uint8Array.of(ChunkUse.OFFERED) });
  expect(() => reader.readBlock(0, memory, [0])).toThrow(
    expect.objectContaining({ code: 'protocol-violation' }),
  );
});

it('entries have permissions only when they are to be preserved', () => {
  const fill = (surroundings: Source['surroundings']) => {
    surroundings.write('/f', 'abc');
    surroundings.setMode('/f', 0o4750);
  };
  const preserving = sourceOf(fill, { preserve: true });
  expect(preserving.batch.entries[1]?.permissions).toMatchObject({
    mode: 0o4750,
    uid: preserving.surroundings.status('/f')?.uid,
    gid: preserving.surroundings.status('/f')?.gid,
  });
  expect(sourceOf(fill).batch.entries[1]?.permissions).toBe(undefined);
});
