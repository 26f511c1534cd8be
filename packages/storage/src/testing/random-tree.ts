import { BLOCK_BYTES } from '@jetstream/protocol';
import type { Surroundings } from './surroundings.ts';

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

export interface RandomTree {
  entries: number;
  /** 0…1: of files, how many have the length of some blocks, or nearly; default 0.15. */
  largeShare?: number;
  /** Of the other files; default 300,000. */
  maxSmallBytes?: number;
}

/** Fills a directory with files of awkward sizes and names. */
export function makeRandomTree(
  surroundings: Surroundings,
  root: string,
  random: () => number,
  { entries, largeShare = 0.15, maxSmallBytes = 300_000 }: RandomTree,
): void {
  const directories = [root];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  for (let at = 0; at < entries; at++) {
    const path = `${pick(directories)}/${pick(NAMES)}${at}`;
    if (random() < 0.2) {
      surroundings.makeDirectory(path);
      directories.push(path);
      continue;
    }
    const isLarge = random() < largeShare;
    surroundings.write(
      path,
      randomContent(random, isLarge ? pick(EDGES) : Math.floor(random() ** 4 * maxSmallBytes)),
    );
    surroundings.setMode(path, random() < 0.3 ? 0o755 : 0o644);
    setRandomTime(surroundings, path, random);
  }
  for (const directory of directories) setRandomTime(surroundings, directory, random);
}

const EDGES = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES + 17];

export function randomContent(random: () => number, byteLength: number): Buffer {
  const content = Buffer.alloc(byteLength);
  for (let at = 0; at < byteLength; at += 1 + Math.floor(random() * 4096))
    content[at] = Math.floor(random() * 256);
  return content;
}

function setRandomTime(surroundings: Surroundings, path: string, random: () => number): void {
  const seconds = Math.floor((random() * 2 - 0.1) * 1e9);
  surroundings.setTime(path, seconds, Math.floor(random() * 1000) * 1_000_000);
}
