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

/**
 * A copy with nobody else there, the same while clients ask, and once more with nobody there: what is lost counts from the middle of
 * the first and the last. Clients stand for other machines, and so take what CPU time is left (nice 19).
 */
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
  try {
    const server = await startServer(loopback, { ...options, sandbox, api: true });
    const copy = async (): Promise<Copy> => {
      rmSync(target, { recursive: true, force: true });
      const before = server.look().cpuSeconds;
      const jscp = startJscp(loopback, ['-l', rate, source, `${loopback.address}:/`], options);
      const { status, stderr, atMs } = await jscp.ended;
      if (status !== 0) throw new Error(`jscp ended with status ${status}: ${complaint(stderr)}`);
      const serverCpuSeconds = server.look().cpuSeconds - before;
      const why = difference(source, target);
      if (why !== undefined) throw new Error(why);
      return {
        megabitsPerSecond: (mebibytes * 2 ** 20 * 8) / 1e3 / (atMs - jscp.startedMs),
        serverCpuSeconds,
      };
    };
    const first = await copy();
    const load = startApiLoad(loopback, ['poll', `${clients}`], { ...options, niceness: 19 });
    await load.says(/^ready$/m);
    const before = load.look().cpuSeconds;
    const asked = await copy();
    const clientCpuSeconds = load.look().cpuSeconds - before;
    load.signal('SIGTERM');
    const answered = await load.result();
    const last = await copy();
    await server.stop();
    const alone = (first.megabitsPerSecond + last.megabitsPerSecond) / 2;
    return {
      'alone, first, Mbit/s': first.megabitsPerSecond,
      'alone, last, Mbit/s': last.megabitsPerSecond,
      'while clients ask, Mbit/s': asked.megabitsPerSecond,
      'rate lost, share': 1 - asked.megabitsPerSecond / alone,
      'CPU of the server, alone, last, s': last.serverCpuSeconds,
      'CPU of the server while clients ask, s': asked.serverCpuSeconds,
      'CPU of the clients, s': clientCpuSeconds,
      ...answered,
    };
  } finally {
    await loopback.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Copy {
  megabitsPerSecond: number;
  serverCpuSeconds: number;
}
