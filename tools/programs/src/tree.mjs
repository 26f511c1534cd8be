// Trees of files with content that a seed determines, and their comparison by SHA-256.
import { createCipheriv, createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const ZEROS = Buffer.alloc(2 ** 20);
/** Time stamps are compared as closely as every file system keeps them. */
const MTIME_TOLERANCE_MS = 2;

/**
 * Makes a file, and the directories above it. Content cannot be compressed, and differs for each seed.
 * @param {string} path
 * @param {number} bytes
 * @param {number} seed
 * @param {{ mode?: number, mtime?: Date }} [attributes]
 */
export function writeFile(path, bytes, seed, { mode = 0o644, mtime } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const key = createHash('sha256').update(`content ${seed}`).digest();
  const keystream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const file = openSync(path, 'wx', mode);
  try {
    for (let left = bytes; left > 0; left -= ZEROS.length) {
      writeSync(file, keystream.update(ZEROS.subarray(0, Math.min(left, ZEROS.length))));
    }
  } finally {
    closeSync(file);
  }
  if (mtime) utimesSync(path, mtime, mtime);
}

/**
 * @typedef {object} TreeEntry
 * @property {'file' | 'directory' | 'other'} kind
 * @property {number} size
 * @property {string} digest
 * @property {boolean} executable
 * @property {number} mtimeMs
 */

/**
 * Every file and directory below `root` (or the one file that it is), by path relative to it.
 * @param {string} root
 * @returns {Promise<Map<string, TreeEntry>>}
 */
export async function describeTree(root) {
  const entries = new Map();
  for (const path of ['', ...paths(root, '')]) entries.set(path, await describeEntry(join(root, path)));
  return entries;
}

/**
 * @param {Map<string, TreeEntry>} expected
 * @param {Map<string, TreeEntry>} found
 * @returns {string[]} one line for each difference; none when the trees are equal
 */
export function compareTrees(expected, found) {
  const differences = [];
  for (const [path, entry] of expected) {
    const other = found.get(path);
    const what = other === undefined ? 'missing' : difference(entry, other);
    if (what) differences.push(`${path || '.'}: ${what}`);
  }
  for (const path of found.keys()) {
    if (!expected.has(path)) differences.push(`${path}: not expected`);
  }
  return differences;
}

/**
 * @param {TreeEntry} expected
 * @param {TreeEntry} found
 */
function difference(expected, found) {
  if (expected.kind !== found.kind) return `${found.kind} instead of ${expected.kind}`;
  if (expected.kind !== 'file') return '';
  if (expected.size !== found.size) return `${found.size} bytes instead of ${expected.size}`;
  if (expected.digest !== found.digest) return 'other content';
  if (expected.executable !== found.executable) return 'other executable bit';
  if (Math.abs(expected.mtimeMs - found.mtimeMs) > MTIME_TOLERANCE_MS) return 'other time of modification';
  return '';
}

/**
 * @param {string} root
 * @param {string} below
 * @returns {Generator<string>}
 */
function* paths(root, below) {
  if (!lstatSync(join(root, below)).isDirectory()) return;
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    yield path;
    if (entry.isDirectory()) yield* paths(root, path);
  }
}

/**
 * @param {string} path
 * @returns {Promise<TreeEntry>}
 */
async function describeEntry(path) {
  const { mode, mtimeMs, size } = lstatSync(path);
  const isFile = (mode & 0o170000) === 0o100000;
  const isDirectory = (mode & 0o170000) === 0o040000;
  return {
    kind: isFile ? 'file' : isDirectory ? 'directory' : 'other',
    size: isFile ? size : 0,
    digest: isFile ? await digestFile(path) : '',
    executable: isFile && (mode & 0o100) !== 0,
    mtimeMs,
  };
}

/** @param {string} path */
async function digestFile(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}
