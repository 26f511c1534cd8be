import { JetStreamError } from '@jetstream/protocol';
import { fakeSurroundings } from './fake/fake-surroundings.ts';
import { nodeSurroundings } from './node-surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { temporaryDirectories } from './temporary-directory.ts';

const temporaryDirectory = temporaryDirectories();

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
