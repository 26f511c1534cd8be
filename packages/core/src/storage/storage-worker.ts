/** Entry of a storage worker thread: loads what it needs, then carries out calls one by one. */
import { parentPort } from 'node:worker_threads';
import { directoryOperations } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { loadBlake3 } from '@jetstream/storage';
import type { StorageCall, StorageReply } from './storage-host.ts';
import { StorageSession } from './storage-session.ts';

const port = parentPort;
if (port === null) throw new Error('storage-worker runs as a worker thread only');

// All is loaded before the thread changes hands: the account need not be able to read where JetStream is installed.
directoryOperations();
const session = new StorageSession(await loadBlake3());

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
