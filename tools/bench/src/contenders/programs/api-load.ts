// Loads the API of a server, and prints figures as JSON: `api-load PORT USER create COUNT`, `list COUNT TIMES`, `poll CLIENTS`.
import { ApiClient, loginKeys } from '@jetstream/core/api-client';
import { quantile } from '../../figures/statistics.ts';

const AT_ONCE = 64;
const POLL_INTERVAL_MS = 1_000;
/** Nobody answers there. */
const NOBODY = { destinationAddress: '127.0.0.1', destinationPort: 9 };

const [port, user = '', what, ...counts] = process.argv.slice(2);
const [first = 0, second = 0] = counts.map(Number);

process.stdout.write(`${JSON.stringify(await load())}\n`);

function load(): Promise<Record<string, number>> {
  if (what === 'create') return create(first);
  if (what === 'list') return list(first, second);
  return poll(first);
}

function connect(): Promise<ApiClient> {
  const login = { user, signLogin: loginKeys(undefined) };
  return ApiClient.connect({ host: '127.0.0.1', port: Number(port), checkCertificate: () => {}, login });
}

async function create(count: number): Promise<Record<string, number>> {
  await using client = await connect();
  const { destinationId } = await client.call('send.createDestination', NOBODY);
  const { manifestId } = await client.call('send.createManifest', { fileMappings: ['/file:/file'] });
  await client.waitForManifest(manifestId);
  const from = performance.now();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      await client.call('send.createTransfer', {
        destinationId,
        manifestId,
        destinationPath: `/project/${left}`,
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { 'transfers made in a second': (count * 1000) / (performance.now() - from) };
}

async function list(count: number, times: number): Promise<Record<string, number>> {
  await using client = await connect();
  const seconds: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const from = performance.now();
    const transfers = await client.call('send.getTransfers', { limit: count });
    seconds.push((performance.now() - from) / 1000);
    if (transfers.length !== count) throw new Error(`${transfers.length} transfers are listed, not ${count}`);
  }
  return {
    'first list, s': seconds[0]!,
    'list, median, s': quantile(seconds, 0.5),
    'list, longest after the first, s': Math.max(...seconds.slice(1)),
  };
}

/** Until SIGTERM. */
async function poll(count: number): Promise<Record<string, number>> {
  const clients: ApiClient[] = [];
  for (let client = 0; client < count; client += 1) clients.push(await connect());
  const seconds: number[] = [];
  let isOver = false;
  process.once('SIGTERM', () => {
    isOver = true;
  });
  process.stdout.write('ready\n');
  const from = performance.now();
  await Promise.all(
    clients.map(async (client, at) => {
      for (let due = from + (at * POLL_INTERVAL_MS) / count; !isOver; due += POLL_INTERVAL_MS) {
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
        const asked = performance.now();
        await client.call(at % 2 === 0 ? 'getServerInfo' : 'send.getTransfers', {});
        seconds.push((performance.now() - asked) / 1000);
      }
    }),
  );
  const elapsedSeconds = (performance.now() - from) / 1000;
  await Promise.all(clients.map((client) => client.close()));
  return {
    'answers a second': seconds.length / elapsedSeconds,
    'answer, median, s': quantile(seconds, 0.5),
    'answer, p95, s': quantile(seconds, 0.95),
  };
}
