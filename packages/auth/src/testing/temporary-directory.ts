import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory of mode 0700 that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'jetstream-auth-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
