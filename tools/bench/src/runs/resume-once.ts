import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openWan } from '@jetstream/wan';
import type { Interruption, ResumeCase } from '../cases/case.ts';
import {
  ackedBytes,
  authorize,
  CONTENT_SENT_BYTES,
  figuresIn,
  startJscp,
  startServer,
} from '../contenders/jetstream.ts';
import { wanOptions } from '../figures/wan-path.ts';
import { complaint, type Running } from '../processes/running.ts';
import { Arrivals } from './arrivals.ts';
import { difference } from './content.ts';
import type { WorkDirectory } from './work-directory.ts';

/** What came of a copy that was killed at half, and of the same command again. */
export interface ResumeResult {
  outcome: 'copied' | 'wrong bytes' | 'failed';
  /** Why it was not copied. */
  why?: string;
  bytes: number;
  /** Content that had come out of the path when the first was killed. */
  arrivedBytes?: number;
  /** What the second found there, and did not send. */
  keptBytes?: number;
  /** What arrived in both and was kept by neither. */
  sentTwiceBytes?: number;
  /** What arrived in the last interval between checkpoints before the kill. */
  intervalBytes?: number;
  /** From the start of jscp until more content arrived than is sent unplanned: the second checks first what is there. */
  contentAfterSeconds?: { first: number; second: number };
  /** `head` of as many bytes, from the page cache. */
  plainReadSeconds?: number;
  /** Above 0 the emulation was too slow, and no figure is to be trusted. */
  lostByEmulation: number;
}

const PORT = 8886;
const PATIENCE_MS = 300_000;

/** Both copies in one WAN of their own. */
export async function resumeOnce(
  { path, mebibytes, checkpointSeconds }: ResumeCase,
  { way, killed }: Interruption,
  seed: number,
  work: WorkDirectory,
): Promise<ResumeResult> {
  const bytes = mebibytes * 2 ** 20;
  const source = work.source({ files: 1, fileBytes: bytes });
  const targets = work.directory('target');
  const directory = work.directory('programs');
  await authorize(directory);
  const wan = await openWan(wanOptions(path, seed));
  const down = way === 'down';
  const [serverAt, clientAt] = down ? [wan.a, wan.b] : [wan.b, wan.a];
  const options = { port: PORT, directory };
  const serve = () => startServer(serverAt, { ...options, sandbox: down ? join(source, '..') : targets });
  const what = down
    ? [`${serverAt.address}:/${basename(source)}`, `${targets}/`]
    : [source, `${serverAt.address}:/`];
  const copy = () =>
    startJscp(
      clientAt,
      ['--no-path-memory', '--reconnect', 'none', '--checkpoint', `${checkpointSeconds}`, ...what],
      options,
    );
  try {
    let server = await serve();
    let arrivals = await Arrivals.begin(wan, bytes);
    const first = copy();
    await acknowledged(first, bytes / 2);
    for (const end of killed) (end === 'client' ? first : server).signal('SIGKILL');
    await first.ended;
    const before = await arrivals.end(checkpointSeconds);
    if (killed.includes('server')) {
      await server.ended;
      server = await serve();
    }
    arrivals = await Arrivals.begin(wan, bytes);
    const second = copy();
    const timer = setTimeout(() => void second.stop(), PATIENCE_MS);
    const ended = await second.ended;
    clearTimeout(timer);
    const after = await arrivals.end(checkpointSeconds);
    await server.stop();
    const { lostByEmulation } = after;
    if (ended.status !== 0) {
      const why = `status ${ended.status}: ${complaint(ended.stderr || ended.stdout)}`;
      return { outcome: 'failed', why, bytes, lostByEmulation };
    }
    const keptBytes = bytes - figuresIn(ended.stdout.split('\n'))[CONTENT_SENT_BYTES]!;
    const target = join(targets, basename(source));
    const why = difference(source, target);
    return {
      outcome: why === undefined ? 'copied' : 'wrong bytes',
      ...(why !== undefined && { why }),
      bytes,
      arrivedBytes: before.bytes,
      keptBytes,
      sentTwiceBytes: before.bytes - keptBytes,
      intervalBytes: before.lastBytes,
      contentAfterSeconds: { first: before.contentAfterSeconds, second: after.contentAfterSeconds },
      plainReadSeconds: plainRead(target, keptBytes),
      lostByEmulation,
    };
  } catch (error) {
    return { outcome: 'failed', why: (error as Error).message, bytes, lostByEmulation: 0 };
  } finally {
    await wan.close();
    for (const path of [targets, directory]) rmSync(path, { recursive: true, force: true });
  }
}

/** @throws Error when it ended before */
async function acknowledged(jscp: Running, bytes: number): Promise<void> {
  const reached = new Promise<void>((resolve) => {
    jscp.onLine((line) => {
      if ((ackedBytes(line) ?? 0) >= bytes) resolve();
    });
  });
  const ended = jscp.ended.then(({ status, stderr }) => {
    throw new Error(`ended with status ${status} before its half: ${complaint(stderr)}`);
  });
  await Promise.race([reached, ended]);
  ended.catch(() => {}); // it is to be killed
}

/** @returns how long it took, in s */
function plainRead(path: string, bytes: number): number {
  const startedMs = performance.now();
  execFileSync('sh', ['-c', 'head -c "$1" "$2" | cat > /dev/null', 'plain-read', String(bytes), path]);
  return (performance.now() - startedMs) / 1000;
}
