import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openLoopback } from '@jetstream/wan';
import { authorize, startApiLoad, startJscp, startServer } from '../contenders/jetstream.ts';
import { complaint } from '../processes/running.ts';
import { difference } from './content.ts';
import type { WorkDirectory } from './work-directory.ts';

const PORT = 8886;

export interface PollingOptions {
  readonly clients: number;
  /** As jscp's RATE. */
  readonly rate: string;
  readonly mebibytes: number;
}

/** A copy with nobody else there, and the same while clients ask, one after the other. */
export async function polling(
  { clients, rate, mebibytes }: PollingOptions,
  work: WorkDirectory,
): Promise<Record<string, number>> {
  const directory = work.directory('api-polling');
  await authorize(directory);
  const source = work.source({ files: 1, fileBytes: mebibytes * 2 ** 20 });
  const sandbox = work.directory('api-polling', 'target');
  const target = join(sandbox, basename(source));
  const loopback = await openLoopback();
  const options = { port: PORT, directory };
  const copy = async (): Promise<number> => {
    rmSync(target, { recursive: true, force: true });
    const jscp = startJscp(loopback, ['-l', rate, source, `${loopback.address}:/`], options);
    const { status, stderr, atMs } = await jscp.ended;
    if (status !== 0) throw new Error(`jscp ended with status ${status}: ${complaint(stderr)}`);
    const why = difference(source, target);
    if (why !== undefined) throw new Error(why);
    return (mebibytes * 2 ** 20 * 8) / 1e3 / (atMs - jscp.startedMs);
  };
  try {
    const server = await startServer(loopback, { ...options, sandbox, api: true });
    const alone = await copy();
    const clientsRun = startApiLoad(loopback, ['poll', `${clients}`], options);
    await clientsRun.says(/^ready$/m);
    const polled = await copy();
    clientsRun.signal('SIGTERM');
    const answered = await clientsRun.result();
    await server.stop();
    return {
      'alone, Mbit/s': alone,
      'while clients ask, Mbit/s': polled,
      'rate lost, share': 1 - polled / alone,
      ...answered,
    };
  } finally {
    await loopback.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
