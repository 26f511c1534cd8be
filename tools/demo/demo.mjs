// `npm run demo [-- PATH]`: a server, a copy and a proof, in directories of their own that are removed at the end.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { authorize, showJscp, startServer } from '../programs/src/programs.mjs';
import { compareTrees, describeTree, writeFile } from '../programs/src/tree.mjs';

const LARGE_BYTES = 256 * 2 ** 20;
const SMALL_FILES = 2000;
const SMALL_DIRECTORIES = 20;

const BY_HAND = `
By hand, in this directory:
  mkdir -p -m 700 /tmp/jetstream/state /tmp/jetstream/received
  npx jscp --print-identity >> /tmp/jetstream/state/authorized_keys
  npx jetstream server --sandbox-dir /tmp/jetstream/received --persistent-state-dir /tmp/jetstream/state
and in a second terminal:
  npx jscp --accept-new FILE localhost:/FILE
`;

const base = mkdtempSync(join(tmpdir(), 'jetstream-demo-'));
/** @type {import('../programs/src/programs.mjs').ServerProcess | undefined} */
let server;
process.on('exit', () => {
  server?.child.kill('SIGKILL');
  rmSync(base, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));
process.exitCode = await demo(process.argv[2]);

/** @param {string | undefined} given a file or directory to copy instead of a generated tree */
async function demo(given) {
  if (given !== undefined && !existsSync(given)) {
    console.error(`demo: there is no file or directory ${JSON.stringify(given)}`);
    return 2;
  }
  const source = given === undefined ? generateTree(join(base, 'photos')) : resolve(given);
  const sandbox = join(base, 'received');
  const state = join(base, 'state');
  const config = join(base, 'config');
  mkdirSync(sandbox);
  await authorize(config, state);

  say('starting a server on a free port, sandboxed, for this user alone');
  server = await startServer(
    [
      '--recv-host',
      '127.0.0.1',
      '--recv-port',
      '0',
      '--sandbox-dir',
      sandbox,
      '--persistent-state-dir',
      state,
    ].concat(['--log-level', 'warn']),
  );
  try {
    const target = `127.0.0.1:/${basename(source)}`;
    say(`copying: jscp --accept-new -P ${server.port} ${source} ${target}`);
    const startedMs = performance.now();
    const status = await showJscp(['--accept-new', '-P', String(server.port), source, target], {
      env: { JETSTREAM_CONFIG_DIR: config, XDG_STATE_HOME: config },
    });
    const seconds = (performance.now() - startedMs) / 1000;
    if (status !== 0) {
      console.error(`demo: jscp ended with status ${status}; the server said:\n${server.log}`);
      return 1;
    }
    return await prove(source, join(sandbox, basename(source)), seconds);
  } finally {
    await server.stop();
  }
}

/** @param {string} root */
function generateTree(root) {
  say(`making a tree to copy: one file of 256 MiB and ${SMALL_FILES.toLocaleString('en-US')} small ones`);
  writeFile(join(root, 'large.bin'), LARGE_BYTES, 0);
  for (let index = 1; index <= SMALL_FILES; index += 1) {
    const directory = `album-${index % SMALL_DIRECTORIES}`;
    writeFile(join(root, directory, `small-${index}.dat`), (index * 7919) % 20_000, index);
  }
  return root;
}

/**
 * @param {string} source
 * @param {string} copy
 * @param {number} seconds
 */
async function prove(source, copy, seconds) {
  say('comparing both sides by SHA-256');
  const [expected, found] = [await describeTree(source), await describeTree(copy)];
  const differences = compareTrees(expected, found);
  if (differences.length > 0) {
    console.error(`demo: the copy differs:\n  ${differences.slice(0, 20).join('\n  ')}`);
    return 1;
  }
  const entries = [...expected.values()];
  const files = entries.filter(({ kind }) => kind === 'file').length;
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  const rate = Math.round((bytes * 8) / seconds / 1e6).toLocaleString('en-US');
  say(
    `all ${files.toLocaleString('en-US')} files agree: ${bytes.toLocaleString('en-US')} bytes, ` +
      `${seconds.toFixed(1)} s from the start of jscp to the last fsync, ${rate} Mbit/s`,
  );
  console.log(BY_HAND);
  return 0;
}

/** @param {string} text */
function say(text) {
  console.log(`demo: ${text}`);
}
