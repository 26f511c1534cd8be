import { fileURLToPath } from 'node:url';
import { Running } from '../processes/running.ts';
import type { Contender } from './contender.ts';

const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts')
      ? '../../dist/contenders/programs/build-manifest.js'
      : './programs/build-manifest.js',
    import.meta.url,
  ),
);

/** No network: what a sender does before it reads content. */
export function manifest(): Contender {
  return {
    name: 'manifest',
    about: 'no network: our scanner alone builds the manifest, as for a receiver that answers at once',
    ours: true,
    copiesNothing: true,
    copy: ({ sender, source }) => new Running(sender, [process.execPath, PROGRAM, source]),
    receivedBytes: () => 0,
  };
}
