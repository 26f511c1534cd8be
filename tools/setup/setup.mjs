// `npm run setup`: installs and builds what is not up to date; a no-op otherwise. Plain Node, no dependencies.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

const PNPM = 'pnpm@12.21.0';
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** Inside node_modules, so that they go when it goes. */
const STAMPS = join(ROOT, 'node_modules/.setup');
const BUILT = [
  'apps/server/dist/main.js',
  'apps/jscp/dist/main.js',
  'packages/core/dist/index.js',
  'tools/packet-cost/dist/main.js',
  'tools/wan/dist/index.js',
  'tools/bench/dist/main.js',
];

refuseOldNode();
await step('install', installKey, install);
await step('build', buildKey, build);

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`setup: Node ${process.versions.node} is too old: install Node 20.19 or newer`);
  process.exit(1);
}

/**
 * Does a step whose inputs differ from those of its last success. Two calls at once do it once.
 * @param {string} name
 * @param {() => string} key
 * @param {() => Promise<void>} run
 */
async function step(name, key, run) {
  if (readStamp(name) === key()) return;
  await withLock(join(ROOT, '.setup-lock'), async () => {
    if (readStamp(name) === key()) return;
    const startedMs = performance.now();
    process.stderr.write(`setup: ${name} … `);
    await run();
    mkdirSync(STAMPS, { recursive: true });
    // Of what is there now: the key before was that of a missing build or of other packages.
    writeFileSync(join(STAMPS, name), key());
    process.stderr.write(`done in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
  });
}

function install() {
  return quietly('npx', ['--yes', PNPM, 'install', '--frozen-lockfile']);
}

/** turbo runs the packages' scripts by pnpm, which npx puts on the path. */
function build() {
  return quietly(
    'npx',
    ['--yes', `--package=${PNPM}`, '--', 'turbo', 'run', 'build', '--output-logs=errors-only'],
    {
      TURBO_TELEMETRY_DISABLED: '1',
      TURBO_NO_UPDATE_NOTIFIER: '1',
    },
  );
}

/** What an installation depends on: who is asked for, and for which machine. */
function installKey() {
  const manifests = ['packages', 'apps', 'tools'].flatMap((group) =>
    readdirSync(join(ROOT, group)).map((name) => join(ROOT, group, name, 'package.json')),
  );
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => join(ROOT, name));
  return digest([...files, ...manifests.filter((path) => existsSync(path))], process.platform + process.arch);
}

/** What the built programs depend on. Nothing is up to date while one of them is missing. */
function buildKey() {
  if (!BUILT.every((path) => existsSync(join(ROOT, path)))) return 'not built';
  const sources = ['packages', 'apps', 'tools'].flatMap((group) => sourceFiles(join(ROOT, group)));
  return digest(
    [...sources, join(ROOT, 'tsconfig.base.json'), join(ROOT, 'turbo.json')],
    readStamp('install'),
  );
}

/**
 * @param {string} directory
 * @returns {string[]}
 */
function sourceFiles(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory())
      return ['node_modules', 'dist', '.turbo'].includes(entry.name) ? [] : sourceFiles(path);
    return /(?<!\.test)\.(ts|mjs|json|proto)$/.test(entry.name) ? [path] : [];
  });
}

/**
 * @param {string[]} paths
 * @param {string[]} more
 */
function digest(paths, ...more) {
  const hash = createHash('sha256');
  for (const path of paths.sort())
    hash
      .update(`${relative(ROOT, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  return hash.update(more.join('\0')).digest('hex');
}

/** @param {string} name */
function readStamp(name) {
  const path = join(STAMPS, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * Runs a command and shows what it printed only when it fails.
 * @param {string} command
 * @param {string[]} parameters
 * @param {Record<string, string>} [environment]
 * @returns {Promise<void>}
 */
function quietly(command, parameters, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32' && command === 'npx',
    });
    /** @type {Buffer[]} */
    const output = [];
    child.stdout.on('data', (bytes) => output.push(bytes));
    child.stderr.on('data', (bytes) => output.push(bytes));
    /** @param {string} why */
    const fail = (why) => {
      process.stderr.write(
        `failed\n${Buffer.concat(output)}\nsetup: ${[command, ...parameters].join(' ')}: ${why}\n`,
      );
      process.exit(1);
    };
    child.on('error', (error) => fail(error.message));
    child.on('close', (status) => (status === 0 ? resolve() : fail(`exit status ${status}`)));
  });
}
