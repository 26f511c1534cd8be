/** Entry of a storage worker thread: loads what it needs, then carries out calls one by one. */
import { parentPort } from 'node:worker_threads';
import { directoryOperations } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { loadBlake3 } from '@jetstream/storage';
import { ownerKey, type StorageOwner } from './storage-owner.ts';
import { StorageSession } from './storage-session.ts';
import type { StorageCall, StorageReply } from './storage-thread.ts';

const port = parentPort;
if (port === null) throw new Error('storage-worker runs as a worker thread only');

// All is loaded before the thread changes hands: the account need not be able to read where JetStream is installed.
directoryOperations();
const blake3 = await loadBlake3();
let session = new StorageSession(blake3);
/** What the kernel lets this thread do was settled with the first that it opened for somebody, once and for all. */
let owner: string | undefined;

function checkOwner([request]: unknown[]): void {
  if (typeof request !== 'object' || request === null || !('actAs' in request)) return;
  const asked = ownerKey((request as StorageOwner).actAs);
  owner ??= asked;
  if (asked !== owner) throw new JetStreamError('internal', 'a storage worker was lent to another account');
}

// One at a time, in order: calls are handed to a chain even though almost all of them are synchronous.
let chain: Promise<void> = Promise.resolve();
port.on('message', (call: { id: number; operation: StorageCall; parameters: unknown[] }) => {
  chain = chain.then(async () => {
    const reply: StorageReply = { id: call.id };
    try {
      checkOwner(call.parameters);
      const operation = session[call.operation] as (...parameters: unknown[]) => unknown;
      reply.result = await operation.apply(session, call.parameters);
      if (call.operation === 'close') session = new StorageSession(blake3);
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
