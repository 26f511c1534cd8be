// Bundles core's worker threads from source for tests that run from source: one file loads in a third of the time of the hundred
// that tsc writes, and tests start thousands of threads. So they also never run yesterday's build.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * What has native code stays outside, and every module goes on finding it from where its source is: in the package that depends on it.
 * @type {import('esbuild').Plugin}
 */
const loadedFromSource = {
  name: 'loaded-from-source',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(koffi|@napi-rs\/blake-hash)$/ }, ({ path, importer }) => ({
      path: createRequire(importer).resolve(path),
      external: true,
    }));
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
};

/** @param {string} core the directory of `@jetstream/core` */
export async function bundleThreadsOfTests(core) {
  const outdir = resolve(core, 'dist/threads-of-tests');
  const { outputFiles } = await build({
    entryPoints: ['lane/lane-worker.ts', 'storage/storage-worker.ts'].map((path) => join(core, 'src', path)),
    entryNames: '[name]',
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['source'],
    plugins: [loadedFromSource],
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    write: false,
    logLevel: 'warning',
  });
  mkdirSync(outdir, { recursive: true });
  // Put in place as a whole: another run of tests may be loading the one that is there.
  for (const { path, contents } of outputFiles) {
    const written = join(outdir, `.${basename(path)}.${process.pid}`);
    writeFileSync(written, contents);
    renameSync(written, path);
  }
}
