// Bundles the app in the working directory into dist/: main.js, and beside it lane-worker.js and storage-worker.js, which
// core starts as worker threads, and pam-helper.js, a process of its own. What is imported lazily becomes a chunk of its own, so
// that `--version` loads next to nothing.
// Packages with native code stay outside and are resolved from the app's own dependencies.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const NATIVE_PACKAGES = ['koffi', '@napi-rs/blake-hash', 'classic-level'];

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const app = process.cwd();
const outdir = join(app, 'dist');

const threads = [
  { in: join(app, 'src/main.ts'), out: 'main' },
  ...['lane-worker', 'storage-worker', 'pam-helper'].map((name) => ({
    in: sourceOfWorker(name),
    out: name,
  })),
];
const written = await Promise.all(threads.map(bundle));
removeStaleChunks(written.flatMap(({ outputs }) => outputs));
writeFileSync(
  join(outdir, 'third-party-licenses.json'),
  `${JSON.stringify(licensesOf(written.flatMap(({ inputs }) => inputs)), null, 2)}\n`,
);

/**
 * Each thread by itself: what two share stands in both, because a chunk in common would hold all that either might use.
 * @param {{ in: string, out: string }} thread
 * @returns {Promise<{ outputs: string[], inputs: string[] }>} names of the files written, paths of those read
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
  const loaded = reachable(metafile.outputs, join(outdir, `${thread.out}.js`));
  return {
    outputs: [...loaded.keys()].flatMap((path) => [basename(path), `${basename(path)}.map`]),
    inputs: [...loaded.values()].flatMap(({ inputs }) => Object.keys(inputs)).map((path) => resolve(path)),
  };
}

/**
 * esbuild also writes chunks for lazy imports in functions that it has left out, as those of a server in a client.
 * @param {import('esbuild').Metafile['outputs']} outputs
 * @param {string} entry
 * @returns the outputs that the entry may come to load
 */
function reachable(outputs, entry) {
  const found = new Map(Object.entries(outputs).filter(([path]) => resolve(path) === entry));
  for (const { imports } of found.values()) {
    for (const { path } of imports) if (outputs[path]) found.set(path, outputs[path]);
  }
  return found;
}

/**
 * What stands in the bundle, and what it needs from outside of it.
 * @param {string[]} inputs
 * @returns {{ name: string, version: string, license: string }[]}
 */
function licensesOf(inputs) {
  const directories = new Set(inputs.map((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]));
  for (const name of NATIVE_PACKAGES) directories.add(join(app, 'node_modules', name));
  const licenses = new Map();
  for (const directory of directories) {
    if (directory === undefined || !existsSync(join(directory, 'package.json'))) continue;
    const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    if (!name.startsWith('@jetstream/'))
      licenses.set(`${name} ${version}`, { name, version, license: license ?? 'UNKNOWN' });
  }
  return [...licenses.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
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
