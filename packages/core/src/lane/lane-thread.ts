import { Worker } from 'node:worker_threads';

// Worker threads load no TypeScript on every Node we support: tests, which run from source, bundle it first.
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/threads-of-tests/lane-worker.js' : './lane-worker.js',
  import.meta.url,
);

let ahead: Worker | undefined;

/**
 * Starts a network thread before it is known what for: that takes longer than all else up to the first datagram, and goes on while
 * the program reads its arguments and loads its code. The next `Client` or `Server` takes it; until then it keeps no process alive.
 */
export function startNetworkThread(): void {
  if (ahead !== undefined) return;
  ahead = start();
  ahead.unref();
}

/** A thread that waits for its `LaneOptions`. */
export function takeNetworkThread(): Worker {
  const thread = ahead ?? start();
  ahead = undefined;
  thread.ref();
  return thread;
}

function start(): Worker {
  return new Worker(WORKER_URL, { name: 'jetstream-lane', execArgv: [] });
}
