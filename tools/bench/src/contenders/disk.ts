import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Running } from '../processes/running.ts';
import type { Contender } from './contender.ts';

const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts')
      ? '../../dist/contenders/programs/create-files.js'
      : './programs/create-files.js',
    import.meta.url,
  ),
);

/** No network: the receiving disk alone makes the same files, durably, under a temporary name first, as JetStream does. */
export function disk(sync: 'each' | 'together'): Contender {
  const how = sync === 'each' ? 'fdatasync for each file' : 'one syncfs for all of them';
  return {
    name: `disk-${sync}`,
    about: `no network: a plain program creates the same files where they are received, ${how}`,
    copy: ({ receiver, source, target }) =>
      new Running(receiver, [process.execPath, PROGRAM, sync, source, dirname(target)]),
  };
}
