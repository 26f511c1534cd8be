#!/usr/bin/env node
// By hand: node tools/lossy-proxy/src/main.mjs --to 127.0.0.1:8886 --listen 9999 --loss 0.05, then copy to port 9999.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { startLossyProxy } from './lossy-proxy.mjs';

const USAGE = `Usage: lossy-proxy --to ADDRESS:PORT [options]
  --listen PORT          port to take clients on [default: a free one]
  --loss SHARE           datagrams that vanish, 0 to 1 [default: 0]
  --duplicate SHARE      datagrams that arrive twice [default: 0]
  --reorder SHARE        datagrams held back by 5 ms [default: 0]
  --delay MS             added each way [default: 0]
  --mtu BYTES            larger datagrams vanish [default: all pass]
  --rebind-every SECONDS gives each client a new address before the server [default: never]
  --seed NUMBER          [default: 1]`;

const { values } = parseArgs({
  options: Object.fromEntries(
    ['to', 'listen', 'loss', 'duplicate', 'reorder', 'delay', 'mtu', 'rebind-every', 'seed'].map((name) => [
      name,
      { type: /** @type {const} */ ('string') },
    ]),
  ),
});
const [, serverHost, serverPort] = /^\[?(.*?)\]?:(\d+)$/.exec(values.to ?? '') ?? [];
if (serverHost === undefined) {
  console.error(USAGE);
  process.exit(2);
}

const proxy = await startLossyProxy({
  serverHost,
  serverPort: Number(serverPort),
  listenPort: Number(values.listen ?? 0),
  loss: Number(values.loss ?? 0),
  duplicate: Number(values.duplicate ?? 0),
  reorder: Number(values.reorder ?? 0),
  delayMs: Number(values.delay ?? 0),
  maxDatagramBytes: Number(values.mtu ?? Number.POSITIVE_INFINITY),
  seed: Number(values.seed ?? 1),
});
console.log(`listening on UDP ${proxy.port}`);
const rebindSeconds = Number(values['rebind-every'] ?? 0);
if (rebindSeconds > 0) setInterval(() => proxy.rebind(), rebindSeconds * 1000);
process.on('SIGINT', () => {
  console.log(JSON.stringify(proxy.counts));
  process.exit(0);
});
