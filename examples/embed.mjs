import { appendFileSync } from 'node:fs';
import { Client, clientIdentityLine, Server } from '@jetstream/core';

const [source, sandboxDirectory, stateDirectory, configDirectory] = process.argv.slice(2);
const server = await Server.start({
  port: 0,
  api: false,
  sandboxDirectory,
  stateDirectory,
  logLevel: 'warn',
});
appendFileSync(`${stateDirectory}/authorized_keys`, `${await clientIdentityLine(configDirectory)}\n`);
const host = { host: '127.0.0.1', port: server.port, configDirectory, unknownHost: 'accept-new' };
const client = await Client.connect(host);
const copy = client.upload({ mappings: [{ source, target: '/copied' }] });
for await (const { ackedBytes, totalBytes } of copy) console.log(`${ackedBytes} of ${totalBytes} bytes`);
console.log(await copy.done);
await client.close();
await server.close();
