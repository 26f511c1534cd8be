import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runJetstream } from '../tools/programs/src/programs.mjs';
import { Arena, expectEqualTrees, expectOk } from './support/arena.ts';
import { bundleWithGeneratedClient, runBundle } from './support/generated-client.ts';

/** Logs in by token, sends a file, waits for it, and shows that errors are told. */
const SCRIPT = `
import * as api from './client.ts';

const [base, token, port, tokenThere, source, target] = process.argv.slice(2);
api.defaults.baseUrl = base;
const unwrap = ({ status, data }) => {
  if (status !== 200) throw new Error(JSON.stringify(data));
  return data;
};
const { sessionToken } = unwrap(await api.authToken({ token }));
api.defaults.headers = { authorization: 'Bearer ' + sessionToken };

const { destinationId } = unwrap(
  await api.sendCreateDestination({ destinationAddress: '127.0.0.1', destinationPort: Number(port), token: tokenThere }),
);
const { manifestId } = unwrap(await api.sendCreateManifest({ fileMappings: [source + ':' + target] }));
let manifest;
do manifest = unwrap(await api.sendWaitForManifest({ manifestId }));
while (manifest.processing);
const { transferId } = unwrap(
  await api.sendCreateTransfer({ destinationId, manifestId, destinationPath: '/by/generated' }),
);
let transfer;
do transfer = unwrap(await api.sendWaitForTransfer({ transferId }));
while (transfer.processing);
const refused = await api.sendGetTransfer({ transferId: 'nowhere' });
process.stdout.write(JSON.stringify({ status: transfer.status, owner: transfer.owner, refused }));
`;

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.create();
});
afterAll(() => arena.close());

describe('a client generated from openapi.json', () => {
  it('logs in and performs a transfer', async () => {
    const withApi = ['--api-port', '0', '--api-host', '127.0.0.1'];
    const receiver = await arena.startServer(withApi);
    const sender = await arena.startServer([...withApi, '--sandbox-dir', '/']);
    const state = sender.child.spawnargs.at(sender.child.spawnargs.indexOf('--persistent-state-dir') + 1)!;
    const certificate = join(arena.base, 'certificate.pem');
    const pem = readFileSync(join(state, 'api/server.pem'), 'utf8');
    writeFileSync(
      certificate,
      /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n/.exec(pem)![0],
    );

    const { secret, owner } = await createToken(sender.apiPort);
    // Whoever came by a token uses no rights of its creator elsewhere.
    const { secret: secretThere } = await createToken(receiver.apiPort);

    const base = `https://127.0.0.1:${sender.apiPort}`;
    const document = execFileSync(
      process.execPath,
      [
        '-e',
        `fetch('${base}/api/v1/openapi.json').then(async (answer) => process.stdout.write(await answer.text()))`,
      ],
      { encoding: 'utf8', env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate } },
    );
    const bundle = await bundleWithGeneratedClient(arena.directory('client'), document, SCRIPT);
    const source = arena.file('generated', 200_000);
    const words = [base, secret, String(receiver.port), secretThere, source, '/sent'];
    const done = runBundle(bundle, words, certificate);
    expect(done).toMatchObject({
      status: 'complete',
      owner,
      refused: { status: 404, data: { error: { code: 'not-found', retryable: false } } },
    });
    await expectEqualTrees(source, join(arena.sandbox, 'by/generated/sent'));
  });
});

async function createToken(apiPort: number | undefined): Promise<{ secret: string; owner: string }> {
  const made = await runJetstream(
    ['api', '--host', '127.0.0.1', '--api-control-port', String(apiPort), 'createAPIToken'],
    { env: arena.environment },
  );
  expectOk(made);
  return JSON.parse(made.stdout);
}
