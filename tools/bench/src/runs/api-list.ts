import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLoopback } from '@jetstream/wan';
import { authorize, startApiLoad, startServer } from '../contenders/jetstream.ts';
import type { WorkDirectory } from './work-directory.ts';

const PORT = 8886;
const LISTS = 21;

/** Makes transfers, starts the server again, and has them listed. */
export async function listing(transfers: number, work: WorkDirectory): Promise<Record<string, number>> {
  const directory = work.directory('api-list');
  await authorize(directory);
  const sandbox = work.directory('api-list', 'files');
  writeFileSync(join(sandbox, 'file'), 'content');
  const loopback = await openLoopback();
  try {
    const options = { port: PORT, directory };
    let server = await startServer(loopback, { ...options, sandbox });
    const made = await startApiLoad(loopback, ['create', `${transfers}`], options).result();
    const stopped = await server.stop();
    if (stopped.status !== 0) throw new Error(`the server ended with status ${stopped.status}`);
    const from = performance.now();
    server = await startServer(loopback, { ...options, sandbox });
    const startSeconds = (performance.now() - from) / 1000;
    const listed = await startApiLoad(loopback, ['list', `${transfers}`, `${LISTS}`], options).result();
    server.look();
    const { peakResidentBytes } = server;
    await server.stop();
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
