import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import type { OpenFile } from './file-system.ts';
import { bothMachines } from './testing/both-machines.ts';
import { transfer } from './testing/transfer.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeWriter } from './tree-writer.ts';

const blake3 = await loadBlake3();
const SIZE = 2 ** 40 + 4321;
const POSITIONS = [
  0,
  12_345,
  ...Array.from({ length: 7 }, (_, at) => (at + 1) * 2 ** 37 - 777),
  SIZE - BLOCK_BYTES,
];

/** Chunks that are not holes from end to end, of a file that tells its holes. */
function chunksWithContent(file: OpenFile): number[] {
  const chunks = new Set<number>();
  for (let at = 0; at < SIZE; ) {
    const data = file.nextData(at)!;
    if (data === Number.POSITIVE_INFINITY) break;
    at = file.nextHole(data)!;
    for (let chunk = Math.floor(data / BLOCK_BYTES); chunk * BLOCK_BYTES < at; chunk++) chunks.add(chunk);
  }
  return [...chunks];
}

describe.each(bothMachines)('a file of 1 TiB with 10 MiB of content, on %s,', (_, make) => {
  it('is copied by few blocks, and stays sparse; the next time nothing of it is read', () => {
    const surroundings = make();
    surroundings.makeDirectory('/from');
    surroundings.write('/from/sparse', '');
    const source = surroundings.open('/from');
    const target = surroundings.open('/to');
    const original = source.openDirectory([]).reopenFile('sparse', 'sparse');
    for (const at of POSITIONS) original.write(Buffer.alloc(BLOCK_BYTES, 1 + (at % 251)), at);
    original.close();
    surroundings.truncate('/from/sparse', SIZE);

    const copy = () => {
      const mappings = [{ source: '/', target: 'copy' }];
      const reader = createTreeReader({ fileSystem: source, blake3, mappings, symlinks: 'follow' });
      const resolve = (path: string) => path.split('/');
      const options = { fileSystem: target, blake3, resolve, transferId: 'test', maxEntries: 10 };
      const writer = createTreeWriter(options);
      const outcome = transfer(reader, writer);
      expect(outcome.results.map(({ code }) => code)).toEqual(['none', 'none']);
      reader.close();
      writer.finish();
      return outcome;
    };
    const first = copy();
    const [from, to] = [source.openFile(['sparse']), target.openFile(['copy', 'sparse'])];
    expect(to.status().size).toBe(SIZE);
    const tellsHoles = from.nextData(0) !== undefined;
    if (tellsHoles) {
      const sent = chunksWithContent(from);
      expect(first.blocksRead).toEqual(sent);
      expect(sent).toEqual(expect.arrayContaining(chunksWithContent(to)));
    }
    const [read, expected] = [Buffer.alloc(3 * BLOCK_BYTES), Buffer.alloc(3 * BLOCK_BYTES)];
    for (const at of POSITIONS) {
      const position = Math.max(0, at - BLOCK_BYTES);
      expect(to.read(read, position)).toBe(from.read(expected, position));
      expect(Buffer.compare(read, expected)).toBe(0);
    }
    expect(copy().blocksRead).toEqual([]);
  });
});
