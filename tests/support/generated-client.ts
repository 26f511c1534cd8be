import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const GENERATOR_HOME = fileURLToPath(new URL('../../packages/api/node_modules', import.meta.url));

/**
 * Generates a client with oazapfts, and bundles a script that uses it as `./client.ts`.
 * @param openApi the document, as JSON
 * @returns path of the bundle, in `directory`
 */
export async function bundleWithGeneratedClient(
  directory: string,
  openApi: string,
  script: string,
): Promise<string> {
  const [document, client, entry, bundle] = ['openapi.json', 'client.ts', 'script.ts', 'bundle.mjs'].map(
    (name) => join(directory, name),
  ) as [string, string, string, string];
  writeFileSync(document, openApi);
  writeFileSync(entry, script);
  execFileSync(join(GENERATOR_HOME, '.bin/oazapfts'), [document, client], { stdio: 'pipe' });
  await build({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    nodePaths: [GENERATOR_HOME],
    logLevel: 'warning',
  });
  return bundle;
}

/** Runs a bundle. @returns what it printed, which is JSON */
export function runBundle(bundle: string, parameters: readonly string[], certificate: string): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, ...parameters], {
    encoding: 'utf8',
    env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate },
  });
  if (status !== 0) throw new Error(`the client ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}
