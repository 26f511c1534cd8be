import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A path at which nothing stands yet; it goes after the test, with all that stands beside it. */
export function freshDirectory(): string {
  const base = mkdtempSync(join(tmpdir(), 'jetstream-state-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  return join(base, 'level');
}
