import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const made: string[] = [];

/** A path at which nothing stands yet; it goes after the test, with all that stands beside it. */
export function freshDirectory(): string {
  const base = mkdtempSync(join(tmpdir(), 'jetstream-state-'));
  made.push(base);
  return join(base, 'level');
}

afterEach(() => {
  for (const base of made.splice(0)) rmSync(base, { recursive: true, force: true });
});
