import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dataExtents } from './data-extents.ts';

const CHUNK_BYTES = 2 ** 20;

/**
 * Fills and frees as much memory as a copy will take. A virtual machine may have handed free memory back to its host, and to get it again
 * costs several times what writing to it does: with luck for one contender and without for the next.
 * @param directory on a tmpfs
 */
export async function touchMemory(directory: string, bytes: number): Promise<void> {
  const path = join(directory, '.touched');
  const zeros = Buffer.alloc(CHUNK_BYTES);
  const file = await open(path, 'wx');
  try {
    for (let left = bytes; left > 0; left -= zeros.length) {
      await file.write(zeros, 0, Math.min(left, zeros.length));
    }
  } finally {
    await file.close();
    await rm(path);
  }
}

/** @returns what is wrong with the copy, byte for byte; undefined when nothing is */
export function difference(source: string, copy: string): string | undefined {
  const [expected, found] = [contentsOf(source), contentsOf(copy)];
  for (const [name, bytes] of expected) {
    const copied = found.get(name);
    if (copied !== bytes) return `${name || 'it'} has ${copied ?? 'no'} bytes instead of ${bytes}`;
    if (bytes > 0 && !sameBytes(join(source, name), join(copy, name)))
      return `${name || 'it'} has other bytes`;
    found.delete(name);
  }
  const [more] = found.keys();
  return more === undefined ? undefined : `${more} is not in the source`;
}

/** What the files take on the disk. */
export function allocatedBytes(path: string): number {
  const names = lstatSync(path).isFile() ? [''] : (readdirSync(path, { recursive: true }) as string[]);
  return names.reduce((sum, name) => sum + lstatSync(join(path, name)).blocks * 512, 0);
}

/** Sizes of a file, or of all in a directory, by name below it; a directory has none. */
function contentsOf(root: string): Map<string, number> {
  const sizes = new Map<string, number>();
  const status = lstatSync(root, { throwIfNoEntry: false });
  if (status === undefined) return sizes;
  if (status.isFile()) return sizes.set('', status.size);
  for (const name of readdirSync(root, { recursive: true }) as string[]) {
    const below = lstatSync(join(root, name));
    sizes.set(name, below.isDirectory() ? 0 : below.size);
  }
  return sizes;
}

/** Of files of one size. Where neither has data, both are zero. */
function sameBytes(one: string, other: string): boolean {
  const files = [one, other].map((path) => openSync(path, 'r'));
  try {
    const buffers = files.map(() => Buffer.allocUnsafe(CHUNK_BYTES));
    const { size } = fstatSync(files[0]!);
    const extents = size > CHUNK_BYTES ? files.flatMap(dataExtents) : [{ from: 0, to: size }];
    let done = 0;
    for (const { from, to } of extents.sort((a, b) => a.from - b.from)) {
      for (let at = Math.max(from, done); at < to; at += CHUNK_BYTES) {
        const length = Math.min(CHUNK_BYTES, to - at);
        const read = files.map((file, index) => readSync(file, buffers[index]!, 0, length, at));
        if (read.some((bytes) => bytes !== length)) return false;
        if (buffers[0]!.compare(buffers[1]!, 0, length, 0, length) !== 0) return false;
      }
      done = Math.max(done, to);
    }
    return true;
  } finally {
    files.forEach(closeSync);
  }
}
