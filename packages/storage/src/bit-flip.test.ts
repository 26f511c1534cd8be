import { createTargetResolver } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { type Blake3, loadBlake3 } from './digest.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { randomContent } from './testing/random-tree.ts';
import { seededRandom } from './testing/seeded-random.ts';
import { createTreeWriter } from './tree-writer.ts';

const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({});
const CONTENT = randomContent(seededRandom(5), 2 * BLOCK_BYTES + 99);
const BLOCKS = 3;

/** A writer of one file, whose blocks lie in memory that the lane shares with it. */
function receiver(hash: Blake3, readBack: boolean) {
  const machine = new FakeMachine();
  const fileSystem = machine.start();
  const options = { fileSystem, blake3: hash, resolve, transferId: 't', maxEntries: 10, readBack };
  const writer = createTreeWriter(options);
  const time = { mtimeSeconds: 1, mtimeNanoseconds: 0 };
  const entry = { kind: 'file' as const, targetPath: 'f', size: CONTENT.byteLength, ...time };
  writer.addEntries(0, [{ ...entry, executable: false, sourceInode: 1 }]);
  writer.endManifest(1);
  const shared = new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES));
  const arrive = (block: number, harm: (memory: Uint8Array) => void = () => undefined) => {
    const content = CONTENT.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    const digest = blake3(content);
    shared.set(content);
    const memory = shared.subarray(0, content.byteLength);
    harm(memory);
    return writer.writeBlock(block, memory, digest);
  };
  return { writer, arrive, target: () => fakeSurroundings(machine).read('/f') };
}

const flip = (at: number, bit: number) => (memory: Uint8Array) => {
  memory[at % memory.byteLength]! ^= 1 << bit;
};

describe('one bit that flips in the memory of a block', () => {
  it('between socket and digest is found, and its chunk sent again', () => {
    for (const [at, bit] of [0, 77, 4095, BLOCK_BYTES - 1].entries()) {
      const { writer, arrive, target } = receiver(blake3, false);
      for (let block = 0; block < BLOCKS; block++) {
        const found = arrive(block, block === at % BLOCKS ? flip(bit, at * 2) : undefined);
        expect(found.wantedChunks).toEqual(block === at % BLOCKS ? [0] : []);
      }
      expect(writer.commitReady().results).toEqual([]);
      expect(arrive(at % BLOCKS).wantedChunks).toEqual([]);
      expect(writer.commitReady().results).toMatchObject([{ code: 'none' }]);
      expect(Buffer.compare(target(), CONTENT)).toBe(0);
    }
  });

  it('between socket and digest twice fails the file by name, and leaves nothing', () => {
    const { writer, arrive, target } = receiver(blake3, false);
    arrive(0);
    arrive(1, flip(9, 1));
    const { results } = arrive(1, flip(10, 1));
    expect([...results, ...writer.commitReady().results]).toMatchObject([{ code: 'digest-mismatch' }]);
    expect(target).toThrow();
  });

  it('between digest and disk is found by reading back, and its chunk sent again', () => {
    let harm: ((memory: Uint8Array) => void) | undefined;
    const harming: Blake3 = Object.assign(
      (bytes: Uint8Array) => {
        const digest = blake3(bytes);
        harm?.(bytes);
        harm = undefined;
        return digest;
      },
      { ofParts: blake3.ofParts },
    );
    const { writer, arrive, target } = receiver(harming, true);
    for (let block = 0; block < BLOCKS; block++) {
      harm = block === 1 ? flip(1234, 6) : undefined;
      expect(arrive(block).wantedChunks).toEqual([]);
    }
    expect(writer.commitReady()).toMatchObject({ results: [], requests: [{ block: 1, chunks: [0] }] });
    expect(target).toThrow();
    arrive(1);
    expect(writer.commitReady().results).toMatchObject([{ code: 'none' }]);
    expect(Buffer.compare(target(), CONTENT)).toBe(0);
  });
});
