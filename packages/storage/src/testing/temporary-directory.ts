import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Gives a new, empty directory at each call; all of them go when the test file is through. */
export function temporaryDirectories(): () => string {
  const base = mkdtempSync(join(tmpdir(), 'jetstream-storage-'));
  afterAll(() => rmSync(base, { recursive: true, force: true }));
  let count = 0;
  return () => {
    const path = join(base, String(count++));
    mkdirSync(path);
    return path;
  };
}
