import { setImmediate } from 'node:timers/promises';
import { createTreeWriter, loadBlake3, type TreeWriter, type TreeWriterOptions } from '@jetstream/storage';
import type { StorageCall, StorageHost } from '../storage/storage-host.ts';
import { StorageSession } from '../storage/storage-session.ts';

/** What a test wants done otherwise by a writer. */
export type WriterChanges = (writer: TreeWriter, options: TreeWriterOptions) => Partial<TreeWriter>;

/** A storage worker in this thread: calls are carried out later, one by one, and what they take and give is cloned. */
export async function localStorage(change: WriterChanges = () => ({})): Promise<StorageHost> {
  const session = new StorageSession(await loadBlake3(), (options) => {
    const writer = createTreeWriter(options);
    const changed = change(writer, options);
    return new Proxy(writer, {
      get: (target, name) => {
        const from = name in changed ? changed : target;
        const value: unknown = Reflect.get(from, name, from);
        return typeof value === 'function' ? value.bind(from) : value;
      },
    });
  });
  let chain: Promise<unknown> = Promise.resolve();
  const host = {
    call: (operation: StorageCall, ...parameters: unknown[]) => {
      const taken = structuredClone(parameters);
      const method = session[operation] as (...parameters: unknown[]) => unknown;
      const done = chain.then(() => setImmediate()).then(() => structuredClone(method.apply(session, taken)));
      chain = done.catch(() => undefined);
      return done;
    },
    close: () => host.call('close'),
  };
  return host as unknown as StorageHost;
}
