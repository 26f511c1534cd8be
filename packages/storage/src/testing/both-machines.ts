import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import { onTestFinished } from 'vitest';
import { fakeSurroundings } from './fake/fake-surroundings.ts';
import { nodeSurroundings } from './node-surroundings.ts';
import type { Surroundings } from './surroundings.ts';

/** The same must hold of both: so what is tested on the fake one holds on the other. */
export const bothMachines: [string, () => Surroundings][] = [
  ['this machine', () => nodeSurroundings(temporaryDirectory())],
  ['a fake machine', () => fakeSurroundings()],
];

/** What it is refused with. */
export function refusal(run: () => unknown): { code: string; message: string; subject: string | undefined } {
  try {
    run();
  } catch (error) {
    if (error instanceof JetStreamError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

/** Goes with its test: this file may be loaded once for all test files of a process. */
function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'jetstream-storage-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
