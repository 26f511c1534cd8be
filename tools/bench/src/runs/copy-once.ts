import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { WanReport } from '@jetstream/wan';
import type { Contender, Scene } from '../contenders/contender.ts';
import { type PathSeries, type WanFigures, wanFigures } from '../figures/wan-figures.ts';
import type { WanPath } from '../figures/wan-path.ts';
import type { ProcessUsage } from '../processes/process-tree.ts';
import { complaint, type Running } from '../processes/running.ts';
import { allocatedBytes, difference, touchMemory } from './content.ts';
import type { Source } from './source.ts';
import { openStage, type Stage } from './stage.ts';
import { Watch } from './watch.ts';
import type { WorkDirectory } from './work-directory.ts';

export interface CopyTask {
  readonly contender: Contender;
  readonly path: WanPath | 'loopback';
  readonly source: Source;
  /** What counts is a second copy to where the first one stands. */
  readonly again: boolean;
  /** Files are on a tmpfs. */
  readonly inMemory: boolean;
  /** Equal seeds lose the same packets, by number. */
  readonly seed: number;
  /** A copy that takes longer is given up. */
  readonly patienceSeconds: number;
  /** Of the contender in this case. */
  readonly directoryName: string;
}

/** What came of a copy. Without `seconds` there is nothing to count. */
export interface CopyResult {
  outcome: 'copied' | 'given up' | 'failed' | 'wrong bytes';
  /** Why it was not copied. */
  why?: string;
  /** From the start of the sending program to its end (and to the receiver's, where that ends with the copy). */
  seconds?: number;
  /** `sync -f` of the result after that. */
  syncSeconds?: number;
  bytes: number;
  /** Bytes of IP packets that were sent, of both ends. */
  sentBytes?: number;
  /** What the result takes on the disk; of a source with holes only. */
  allocatedBytes?: number;
  sender?: ProcessUsage;
  receiver?: ProcessUsage;
  wan?: WanFigures;
  series?: PathSeries;
  /** What the programs say about themselves. */
  says?: Record<string, number>;
}

const PORT = 8886;

/** One copy: made, measured, compared, removed. */
export async function copyOnce(task: CopyTask, work: WorkDirectory): Promise<CopyResult> {
  const source = work.source(task.source);
  const targets = work.directory('target');
  const paths = {
    directory: work.directory('contenders', task.directoryName),
    source,
    target: join(targets, basename(source)),
  };
  try {
    if (task.again) {
      const first = await copyOver(task, paths);
      if (first.outcome !== 'copied') return first;
    }
    const copied = await copyOver(task, paths);
    if (copied.outcome !== 'copied' || task.contender.copiesNothing) return copied;
    copied.syncSeconds = await syncFileSystem(targets);
    if (task.source.dataBytes !== undefined) copied.allocatedBytes = allocatedBytes(paths.target);
    const why = difference(source, paths.target);
    return why === undefined ? copied : { ...copied, outcome: 'wrong bytes', why };
  } finally {
    rmSync(targets, { recursive: true, force: true });
  }
}

/** In a WAN or loopback of its own. */
async function copyOver(
  task: CopyTask,
  paths: Pick<Scene, 'directory' | 'source' | 'target'>,
): Promise<CopyResult> {
  const { contender, path, source, seed } = task;
  const bytes = source.files * source.fileBytes;
  const stage = await openStage(path, seed);
  const { sender, receiver } = stage;
  const scene: Scene = { ...paths, sender, receiver, sourceBytes: bytes, port: PORT };
  const targets = dirname(scene.target);
  try {
    await contender.prepare?.(scene);
    if (task.inMemory) await touchMemory(targets, bytes);
    await syncFileSystem(targets); // what was written before shall not be written now
    return await Promise.race([
      measure(task, scene, stage),
      stage.failed.then((error) => {
        throw error;
      }),
    ]);
  } catch (error) {
    return { outcome: 'failed', why: (error as Error).message, bytes };
  } finally {
    await stage.close();
  }
}

async function measure(task: CopyTask, scene: Scene, stage: Stage): Promise<CopyResult> {
  const { contender } = task;
  let bytes = scene.sourceBytes;
  const receiver = await contender.serve?.(scene);
  const cpuBefore = receiver?.look().cpuSeconds ?? 0;
  const fromMs = (await stage.report())?.elapsedMs ?? 0;
  const sender = contender.copy(scene);
  const watch = new Watch(receiver ? [sender, receiver] : [sender]);
  const ended = await within(task.patienceSeconds, bothEnd(contender, sender, receiver));
  watch.stop();
  const report = await stage.report();
  const senderEnd = await sender.stop();
  const receiverEnd = await receiver?.stop();
  if (ended === undefined) {
    return { outcome: 'given up', why: `not ended after ${task.patienceSeconds} s`, bytes };
  }
  const failed = [senderEnd, contender.receiverEnds ? receiverEnd : undefined].find((end) => end?.status);
  if (failed) {
    const why = `status ${failed.status}: ${complaint(failed.stderr || failed.stdout)}`;
    return { outcome: 'failed', why, bytes };
  }
  bytes = contender.receivedBytes?.(senderEnd.stdout) ?? bytes;
  const seconds = (ended - sender.startedMs) / 1000;
  return {
    outcome: 'copied',
    seconds,
    bytes,
    sender: { cpuSeconds: senderEnd.cpuSeconds, peakResidentBytes: sender.peakResidentBytes },
    ...(receiver && {
      receiver: {
        cpuSeconds: receiverEnd!.cpuSeconds - cpuBefore,
        peakResidentBytes: receiver.peakResidentBytes,
      },
    }),
    ...pathFigures(task, bytes, report, { fromMs, toMs: fromMs + seconds * 1000 }),
    ...(report === undefined
      ? { series: watch.loopbackSeries(), sentBytes: watch.loopbackBytes }
      : { sentBytes: report['a-to-b'].offered.bytes + report['b-to-a'].offered.bytes }),
    ...(contender.figures && {
      says: contender.figures({
        bytes,
        seconds,
        sender: { output: senderEnd.stdout, copyFromMs: 0 },
        receiver: {
          output: receiverEnd?.stdout ?? '',
          copyFromMs: receiver ? sender.startedMs - receiver.startedMs : 0,
        },
      }),
    }),
  };
}

function pathFigures(
  { contender, path }: CopyTask,
  bytes: number,
  report: WanReport | undefined,
  span: { fromMs: number; toMs: number },
): Pick<CopyResult, 'wan' | 'series'> {
  if (report === undefined || path === 'loopback') return {};
  const headerBytesPerPacket = contender.headerBytesPerPacket?.(bytes);
  const content = headerBytesPerPacket === undefined ? undefined : { bytes, headerBytesPerPacket };
  const { series, ...wan } = wanFigures(report, path, span, content);
  return { wan, series };
}

/** @returns when the copy was complete, by `performance.now()` */
async function bothEnd(
  contender: Contender,
  sender: Running,
  receiver: Running | undefined,
): Promise<number> {
  const sent = await sender.ended;
  if (!contender.receiverEnds || !receiver || sent.status !== 0) return sent.atMs;
  return Math.max(sent.atMs, (await receiver.ended).atMs);
}

/** @returns undefined when it took longer */
async function within<T>(seconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), seconds * 1000);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** @returns how long it took, in s */
async function syncFileSystem(directory: string): Promise<number> {
  const startedMs = performance.now();
  await promisify(execFile)('sync', ['-f', directory]);
  return (performance.now() - startedMs) / 1000;
}
