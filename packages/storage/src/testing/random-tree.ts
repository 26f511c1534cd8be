import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BLOCK_BYTES } from '@jetstream/protocol';

/** Deterministic numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = [
  'a',
  'file.txt',
  '-rf',
  'größe',
  'a b',
  'new\nline',
  '\x1b[31m',
  'back\\slash',
  '日本',
  'x'.repeat(250),
];

/** Fills a directory with files of awkward sizes and names. */
export function makeRandomTree(root: string, random: () => number, entries: number): void {
  const directories = [root];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  for (let at = 0; at < entries; at++) {
    const path = join(pick(directories), `${pick(NAMES)}${at}`);
    if (random() < 0.2) {
      mkdirSync(path);
      directories.push(path);
      continue;
    }
    writeFileSync(path, randomContent(random));
    chmodSync(path, random() < 0.3 ? 0o755 : 0o644);
    setRandomTime(path, random);
  }
  for (const directory of directories) setRandomTime(directory, random);
}

function randomContent(random: () => number): Buffer {
  const edges = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES + 17];
  const size =
    random() < 0.15 ? edges[Math.floor(random() * edges.length)]! : Math.floor(random() ** 4 * 300_000);
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1 + Math.floor(random() * 4096)) content[at] = Math.floor(random() * 256);
  return content;
}

function setRandomTime(path: string, random: () => number): void {
  const time = String(Math.floor((random() * 2 - 0.1) * 1e9) + Math.floor(random() * 1000) / 1000);
  utimesSync(path, time, time);
}
