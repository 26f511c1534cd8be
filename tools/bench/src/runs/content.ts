import { createCipheriv, createHash } from 'node:crypto';
import { lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const CHUNK_BYTES = 2 ** 20;

/** Makes a file that cannot be compressed; its content differs for each seed. */
export async function writeContent(path: string, bytes: number, seed: number): Promise<void> {
  const key = createHash('sha256').update(`bench ${seed}`).digest();
  const keystream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(Math.min(bytes, CHUNK_BYTES));
  const file = await open(path, 'wx');
  try {
    for (let left = bytes; left > 0; left -= zeros.length) {
      await file.write(keystream.update(zeros.subarray(0, Math.min(left, zeros.length))));
    }
  } finally {
    await file.close();
  }
}

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
export async function difference(source: string, copy: string): Promise<string | undefined> {
  const [expected, found] = await Promise.all([source, copy].map(contentsOf));
  for (const [name, bytes] of expected!) {
    if (found!.get(name) !== bytes)
      return `${name || 'it'} has ${found!.get(name) ?? 'no'} bytes instead of ${bytes}`;
    if (!(await sameBytes(join(source, name), join(copy, name)))) return `${name || 'it'} has other bytes`;
  }
  const more = [...found!.keys()].find((name) => !expected!.has(name));
  return more === undefined ? undefined : `${more} is not in the source`;
}

/** Sizes of a file, or of the files of a directory, by name below it. */
async function contentsOf(root: string): Promise<Map<string, number>> {
  const status = await lstat(root).catch(() => undefined);
  if (status === undefined) return new Map();
  if (status.isFile()) return new Map([['', status.size]]);
  const names = await readdir(root, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => (await lstat(join(root, name))).size));
  return new Map(names.map((name, index) => [name, sizes[index]!]));
}

async function sameBytes(one: string, other: string): Promise<boolean> {
  const files = await Promise.all([open(one), open(other)]);
  try {
    const buffers = files.map(() => Buffer.allocUnsafe(CHUNK_BYTES));
    for (;;) {
      const [read, otherRead] = await Promise.all(files.map((file, index) => file.read(buffers[index]!)));
      if (read!.bytesRead !== otherRead!.bytesRead) return false;
      if (read!.bytesRead === 0) return true;
      if (buffers[0]!.compare(buffers[1]!, 0, read!.bytesRead, 0, read!.bytesRead) !== 0) return false;
    }
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}
