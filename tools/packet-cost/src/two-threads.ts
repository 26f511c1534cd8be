import { Worker } from 'node:worker_threads';
import type { SideReport } from './report.ts';

export interface LoopbackOptions {
  blocks: number;
  /** Largest UDP payload that the endpoints believe the path to take. */
  maxDatagramBytes: number;
}

/** What a worker is given. */
export type LoopbackRole = LoopbackOptions & ({ role: 'receiver' } | { role: 'sender'; port: number });
/** What a worker tells: the receiver first its port. */
export type LoopbackMessage = { port: number } | { report: SideReport };

/** Bulk data over loopback between two threads, each with an endpoint on a native socket as a lane is. */
export async function measureOverLoopback(options: LoopbackOptions): Promise<SideReport[]> {
  const receiver = start({ ...options, role: 'receiver' });
  const first = await receiver.next();
  if (!('port' in first)) throw new Error('the receiver told no port');
  const sender = start({ ...options, role: 'sender', port: first.port });
  const reports = await Promise.all([sender.next(), receiver.next()]);
  return reports.flatMap((message) => ('report' in message ? [message.report] : []));
}

function start(workerData: LoopbackRole): { next(): Promise<LoopbackMessage> } {
  const worker = new Worker(new URL('./loopback-worker.js', import.meta.url), { workerData });
  return {
    next: () =>
      new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      }),
  };
}
