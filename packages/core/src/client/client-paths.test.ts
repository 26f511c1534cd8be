import { describe, expect, it } from 'vitest';
import type { KnownPath } from '../contract.ts';
import { ClientPaths } from './client-paths.ts';

const SEEN = { minRttUs: 100_000, rateBytesPerSecond: 6e7, seenAtMs: 1.8e12 };
const HERE = { network: '127.0.0.1', localAddress: '127.0.0.1', ...SEEN };

function clientKnowing(paths: KnownPath[]) {
  const saved: KnownPath[] = [];
  const failures: string[] = [];
  const store = { load: async () => paths, save: async (path: KnownPath) => void saved.push(path) };
  return { saved, failures, client: new ClientPaths(store, (what) => failures.push(what)) };
}

describe('paths that a client knows', () => {
  it('are used when they lead to the host from the address that we have now', async () => {
    const moved = { ...HERE, localAddress: '192.0.2.1' };
    const { localAddress: _, ...unknownBegin } = HERE;
    const { client } = clientKnowing([moved, unknownBegin, HERE, { ...HERE, network: '127.0.0.2' }]);
    expect(await client.towards(['127.0.0.1', '2001:db8::1'])).toEqual([HERE]);
  });

  it('are kept with our address, if they are of the host that was connected to', async () => {
    const { client, saved } = clientKnowing([]);
    await client.towards(['127.0.0.1']);
    client.onSeen({ network: '127.0.0.1', ...SEEN });
    client.onSeen({ network: '127.0.0.2', ...SEEN });
    await client.settled();
    expect(saved).toEqual([HERE]);
  });

  it('are none, and that is told, when the store fails', async () => {
    const failures: string[] = [];
    const fail = async () => {
      throw new Error('broken');
    };
    const client = new ClientPaths({ load: fail, save: fail }, (what) => failures.push(what));
    expect(await client.towards(['127.0.0.1'])).toEqual([]);
    client.onSeen({ network: '127.0.0.1', ...SEEN });
    await client.settled();
    expect(failures).toEqual([expect.stringContaining('loaded'), expect.stringContaining('kept')]);
  });
});
