import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 100;

/**
 * Runs `action` while no other process does so under the same lock file; a lock whose owner has died is taken over.
 * @param {string} path
 * @param {() => Promise<void>} action
 */
export async function withLock(path, action) {
  while (!tryAcquire(path)) await delay(RETRY_MS);
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    await action();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** @param {string} path */
function tryAcquire(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  if (!isAlive(readOwner(path))) removeStale(path);
  return false;
}

/**
 * Only one of several waiting processes succeeds in the rename, and the others meet the next owner's file.
 * @param {string} path
 */
function removeStale(path) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * NaN while the file is being written, or just gone: then its owner counts as alive.
 * @param {string} path
 */
function readOwner(path) {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10);
  } catch {
    return Number.NaN;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  if (Number.isNaN(pid)) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
