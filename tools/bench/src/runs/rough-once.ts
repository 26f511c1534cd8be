import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWan, type Wan, type WanEnd } from '@jetstream/wan';
import type { RoughResults, RoughScene, Surrounding, Trouble } from '../cases/case.ts';
import { ackedBytes, authorize, headerBytes, startJscp, startServer } from '../contenders/jetstream.ts';
import { type PathSeries, type WanFigures, wanFigures } from '../figures/wan-figures.ts';
import { type WanPath, wanOptions } from '../figures/wan-path.ts';
import type { Ended, Running } from '../processes/running.ts';
import { difference } from './content.ts';
import { Watch } from './watch.ts';
import type { WorkDirectory } from './work-directory.ts';

/** How a copy through a bad surrounding ended. */
export interface RoughResult {
  /** A named error: an exit status that says which, and one line. */
  outcome: 'copied' | 'named error' | 'wrong bytes' | 'given up' | 'failed';
  /** Why it was not copied. */
  why?: string;
  status: number;
  /** Of jscp, from its start to its end. */
  seconds: number;
  bytes: number;
  senderPeakBytes: number;
  receiverPeakBytes: number;
  wan: WanFigures;
  series: PathSeries;
}

/** Exit statuses of jscp: the host did not answer, the connection was lost. */
const NAMED = [3, 8];
const PORT = 8886;
const TROUBLE_FROM_SHARE = 0.25;
const PATIENCE_SECONDS = 300;

/** Whether a copy ended as it may. */
export function endedWell({ surrounding, result }: RoughResults['runs'][number]): boolean {
  return (
    result.outcome === 'copied' || (result.outcome === 'named error' && surrounding.mayEndBy !== undefined)
  );
}

/** One copy in a WAN of its own, with its trouble on the way. */
export async function roughOnce(
  usualPath: WanPath,
  surrounding: Surrounding,
  seed: number,
  work: WorkDirectory,
): Promise<RoughResult> {
  const path = { ...usualPath, ...surrounding.path };
  const source = work.source({ files: 1, fileBytes: surrounding.mebibytes * 2 ** 20 });
  const targets = work.directory('target');
  const directory = work.directory('programs');
  await authorize(directory);
  const wan = await openWan(wanOptions(path, seed));
  try {
    for (const [direction, changes] of Object.entries(surrounding.link ?? {})) {
      await wan.set(direction as 'both', changes);
    }
    const copied = copyThrough({ surrounding, path, wan, source, targets, directory });
    const result = await Promise.race([copied, broken(wan)]);
    if (result.outcome !== 'copied') return result;
    const why = difference(source, join(targets, basename(source)));
    return why === undefined ? result : { ...result, outcome: 'wrong bytes', why };
  } finally {
    await wan.close();
    for (const path of [targets, directory]) rmSync(path, { recursive: true, force: true });
  }
}

async function copyThrough(parts: {
  surrounding: Surrounding;
  path: WanPath;
  wan: Wan;
  source: string;
  targets: string;
  directory: string;
}): Promise<RoughResult> {
  const { surrounding, path, wan, source, targets, directory } = parts;
  const { environment = {}, trouble } = surrounding;
  const down = surrounding.way === 'down';
  const [serverAt, clientAt] = down ? [wan.a, wan.b] : [wan.b, wan.a];
  const [serverEnd, clientEnd] = down ? (['sender', 'receiver'] as const) : (['receiver', 'sender'] as const);
  const bytes = surrounding.mebibytes * 2 ** 20;
  const server = await startServer(serverAt, {
    ...{ port: PORT, directory, environment: environment[serverEnd] ?? {} },
    sandbox: down ? join(source, '..') : targets,
  });
  const fromMs = (await wan.report()).elapsedMs;
  const what = down
    ? [`${serverAt.address}:/${basename(source)}`, `${targets}/`]
    : [source, `${serverAt.address}:/`];
  // What one connection bears is measured here.
  const client = startJscp(clientAt, ['--reconnect', 'none', ...what], {
    ...{ port: PORT, directory, environment: environment[clientEnd] ?? {} },
  });
  const watch = new Watch([client, server]);
  const [sender, receiver] = down ? [server, client] : [client, server];
  const scene: RoughScene = {
    ...{ sender, receiver },
    set: (direction, changes) => wan.set(direction, changes),
    inSender: (commandLine) => shell(wan.a, commandLine),
    inReceiver: (commandLine) => shell(wan.b, commandLine),
  };
  const troubled = trouble && goThrough(trouble, scene, client, bytes);
  let givenUp = false;
  const timer = setTimeout(() => {
    givenUp = true;
    for (const end of [client, server]) end.signal('SIGCONT');
    void client.stop();
  }, PATIENCE_SECONDS * 1000);
  const ended = await client.ended;
  clearTimeout(timer);
  const report = await wan.report();
  await troubled;
  watch.stop();
  await server.stop();
  const seconds = (ended.atMs - client.startedMs) / 1000;
  const content = { bytes, headerBytesPerPacket: headerBytes(bytes) };
  const span = { fromMs, toMs: fromMs + seconds * 1000 };
  const { series, ...figures } = wanFigures(report, path, span, content);
  return {
    ...outcomeOf(ended, givenUp),
    ...{ status: ended.status, seconds, bytes },
    senderPeakBytes: sender.peakResidentBytes,
    receiverPeakBytes: receiver.peakResidentBytes,
    ...{ wan: figures, series },
  };
}

function outcomeOf({ status, stderr }: Ended, givenUp: boolean): Pick<RoughResult, 'outcome' | 'why'> {
  if (givenUp) return { outcome: 'given up', why: `not ended after ${PATIENCE_SECONDS} s` };
  if (status === 0) return { outcome: 'copied' };
  const lines = stderr.trimEnd().split('\n');
  const named = NAMED.includes(status) && lines.length === 1;
  return { outcome: named ? 'named error' : 'failed', why: `status ${status}: ${lines.join(' / ')}` };
}

/** Resolves when the trouble is over, or the copy was over before it began. */
async function goThrough(trouble: Trouble, scene: RoughScene, client: Running, bytes: number): Promise<void> {
  const begun = new Promise<true>((resolve) => {
    client.onLine((line) => {
      if ((ackedBytes(line) ?? 0) >= bytes * TROUBLE_FROM_SHARE) resolve(true);
    });
  });
  if ((await Promise.race([begun, client.ended])) !== true) return;
  await trouble.begin(scene);
  await Promise.race([sleep(trouble.seconds * 1000, undefined, { ref: false }), client.ended]);
  await trouble.end(scene);
}

async function shell(end: WanEnd, commandLine: string): Promise<void> {
  const child = end.exec(['sh', '-c', commandLine], { stdio: 'inherit' });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`${commandLine}: status ${status}`);
}

async function broken(wan: Wan): Promise<never> {
  throw await wan.failed;
}
