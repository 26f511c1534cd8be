// Bundles the app in the working directory into dist/: main.js, and beside it lane-worker.js and storage-worker.js, which
// core starts as worker threads, and password-helper.js, a process of its own. What is imported lazily becomes a chunk of its own, so
// that `--version` loads next to nothing.
// Packages with native code stay outside and are resolved from the app's own dependencies.
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const NATIVE_PACKAGES = ['koffi', '@napi-rs/blake-hash', 'classic-level'];

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const app = process.cwd();
const outdir = join(app, 'dist');

const threads = [
  { in: join(app, 'src/main.ts'), out: 'main' },
  ...['lane-worker', 'storage-worker', 'password-helper'].map((name) => ({
    in: sourceOfWorker(name),
    out: name,
  })),
];
const written = await Promise.all(threads.map(bundle));
removeStaleChunks(written.flat());

/**
 * Each thread by itself: what two share stands in both, because a chunk in common would hold all that either might use.
 * @param {{ in: string, out: string }} thread
 * @returns {Promise<string[]>} names of the files written
 */
async function bundle(thread) {
  const { metafile } = await build({
    entryPoints: [thread],
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: `${thread.out}-[name]-[hash]`,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['source'],
    sourcemap: true,
    sourcesContent: false,
    // Optional parts of ssh2; it does without them.
    external: [...NATIVE_PACKAGES, 'cpu-features', '*.node'],
    // CommonJS packages inside an ES module call `require` for Node's own modules, and some read `__dirname`.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url), directoryOfBundle = import.meta.dirname;",
    },
    define: { __dirname: 'directoryOfBundle' },
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.outputs).map((path) => basename(path));
}

/** @param {string} name */
function sourceOfWorker(name) {
  for (const source of ['packages/core/src', 'packages/auth/src'].map((folder) => join(root, folder))) {
    const found = readdirSync(source, { recursive: true, encoding: 'utf8' }).find(
      (path) => basename(path) === `${name}.ts`,
    );
    if (found) return join(source, found);
  }
  throw new Error(`no ${name}.ts in packages/core/src or packages/auth/src`);
}

/**
 * Removed only after the new ones are in place: a program that runs may still load its chunks.
 * @param {string[]} current
 */
function removeStaleChunks(current) {
  for (const name of readdirSync(outdir)) {
    if (/\.js(\.map)?$/.test(name) && !current.includes(name)) rmSync(join(outdir, name));
  }
}
