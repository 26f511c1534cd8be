import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLoopback } from '@jetstream/wan';
import { authorize, startApiLoad, startServer } from '../contenders/jetstream.ts';
import type { WorkDirectory } from './work-directory.ts';

const PORT = 8886;
const LISTS = 21;

/** Makes transfers to where nobody answers, kills the server, starts it again, and has them listed. */
export async function listing(transfers: number, work: WorkDirectory): Promise<Record<string, number>> {
  const directory = work.directory('api-list');
  await authorize(directory);
  const sandbox = work.directory('api-list', 'files');
  writeFileSync(join(sandbox, 'file'), 'content');
  const loopback = await openLoopback();
  try {
    const options = { port: PORT, directory };
    let server = await startServer(loopback, { ...options, sandbox, api: true });
    const made = await startApiLoad(loopback, ['create', `${transfers}`], options).result();
    // What it has answered is on the disk.
    await server.stop('SIGKILL');
    const from = performance.now();
    server = await startServer(loopback, { ...options, sandbox, api: true });
    const startSeconds = (performance.now() - from) / 1000;
    const listed = await startApiLoad(loopback, ['list', `${transfers}`, `${LISTS}`], options).result();
    server.look();
    const { peakResidentBytes } = server;
    await server.stop('SIGKILL');
    return {
      ...made,
      'start of the server, s': startSeconds,
      ...listed,
      'peak, MB': peakResidentBytes / 1e6,
    };
  } finally {
    await loopback.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
