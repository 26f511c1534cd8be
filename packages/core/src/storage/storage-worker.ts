/** Entry of a storage worker thread: becomes the account it belongs to, then carries out calls one by one. */
import { parentPort, workerData } from 'node:worker_threads';
import { actAs } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { loadBlake3 } from '@jetstream/storage';
import type { StorageCall, StorageReply } from './storage-host.ts';
import type { StorageWorkerOptions } from './storage-operations.ts';
import { StorageSession } from './storage-session.ts';

const port = parentPort;
if (port === null) throw new Error('storage-worker runs as a worker thread only');

const options = workerData as StorageWorkerOptions;
// Loaded before the thread changes hands: the account need not be able to read where JetStream is installed.
const blake3 = await loadBlake3();
if (options.actAs !== undefined) actAs(options.actAs);
const session = new StorageSession(blake3);

// One at a time, in order: calls are handed to a chain even though almost all of them are synchronous.
let chain: Promise<void> = Promise.resolve();
port.on('message', (call: { id: number; operation: StorageCall; parameters: unknown[] }) => {
  chain = chain.then(async () => {
    const reply: StorageReply = { id: call.id };
    try {
      const operation = session[call.operation] as (...parameters: unknown[]) => unknown;
      reply.result = await operation.apply(session, call.parameters);
    } catch (error) {
      reply.error =
        error instanceof JetStreamError
          ? { code: error.code, message: error.message, subject: error.subject }
          : {
              code: 'internal',
              message: error instanceof Error ? (error.stack ?? error.message) : String(error),
              subject: undefined,
            };
    }
    port.postMessage(reply);
  });
});
