// The built programs of this checkout, as child processes: what the demo and the end-to-end tests run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const JETSTREAM = join(ROOT, 'apps/server/bin/jetstream.mjs');
export const JSCP = join(ROOT, 'apps/jscp/bin/jscp.mjs');

const READY_TIMEOUT_MS = 60_000;

/**
 * @typedef {object} RunOptions
 * @property {Record<string, string | undefined>} [env] added to this process's
 * @property {string} [cwd]
 * @property {string[]} [wrapper] a command that runs the program, such as ['setpriv', '--reuid=1000']
 */

/**
 * @typedef {object} Finished
 * @property {number | null} status
 * @property {NodeJS.Signals | null} signal
 * @property {string} stdout
 * @property {string} stderr
 * @property {number} elapsedMs
 */

/**
 * @param {string} program
 * @param {readonly string[]} parameters
 * @param {RunOptions} options
 * @param {import('node:child_process').StdioOptions} stdio
 */
function start(program, parameters, { env = {}, cwd, wrapper = [] }, stdio) {
  const [command, ...rest] = [...wrapper, process.execPath, program, ...parameters];
  return spawn(/** @type {string} */ (command), rest, { env: { ...process.env, ...env }, cwd, stdio });
}

/**
 * Starts jscp and collects what it says.
 * @param {readonly string[]} parameters
 * @param {RunOptions} [options]
 * @returns {{ child: import('node:child_process').ChildProcess, finished: Promise<Finished> }}
 */
export function startJscp(parameters, options = {}) {
  return collect(start(JSCP, parameters, options, ['ignore', 'pipe', 'pipe']));
}

/**
 * @param {readonly string[]} parameters
 * @param {RunOptions} [options]
 * @returns {Promise<Finished>}
 */
export function runJscp(parameters, options = {}) {
  return startJscp(parameters, options).finished;
}

/**
 * @param {readonly string[]} parameters
 * @param {RunOptions} [options]
 * @returns {Promise<Finished>}
 */
export function runJetstream(parameters, options = {}) {
  return collect(start(JETSTREAM, parameters, options, ['ignore', 'pipe', 'pipe'])).finished;
}

/**
 * Runs jscp in the terminal of this process.
 * @param {readonly string[]} parameters
 * @param {RunOptions} [options]
 * @returns {Promise<number | null>} its exit status
 */
export async function showJscp(parameters, options = {}) {
  const child = start(JSCP, parameters, options, 'inherit');
  const [status] = await once(child, 'exit');
  return status;
}

/**
 * Starts a server and waits until it is ready.
 * @param {readonly string[]} parameters after `server`; it has no API unless one of them begins with `--api`
 * @param {RunOptions} [options]
 * @returns {Promise<ServerProcess>}
 */
export async function startServer(parameters, options = {}) {
  const api = parameters.some((parameter) => parameter.startsWith('--api')) ? [] : ['--no-api'];
  const { child, finished, output } = collect(
    start(JETSTREAM, ['server', ...api, ...parameters], options, ['ignore', 'pipe', 'pipe']),
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_TIMEOUT_MS);
  const ports = await Promise.race([
    finished.then(() => undefined),
    new Promise((resolve) => {
      child.stdout?.on('data', () => {
        const ready = /^ready udp=(\d+) api=(\d+|-)$/m.exec(output.stdout);
        if (ready)
          resolve({ port: Number(ready[1]), apiPort: ready[2] === '-' ? undefined : Number(ready[2]) });
      });
    }),
  ]);
  clearTimeout(timer);
  if (ports !== undefined) return new ServerProcess(child, ports, finished, output);
  const { status, signal, stderr } = await finished;
  throw new Error(`the server ended before it was ready (${signal ?? status}): ${stderr}`);
}

export class ServerProcess {
  #output;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {{ port: number, apiPort: number | undefined }} ports
   * @param {Promise<Finished>} finished
   * @param {{ stderr: string }} output
   */
  constructor(child, { port, apiPort }, finished, output) {
    this.child = child;
    this.port = port;
    this.apiPort = apiPort;
    this.finished = finished;
    this.#output = output;
  }

  /** What it has logged so far. */
  get log() {
    return this.#output.stderr;
  }

  /**
   * @param {NodeJS.Signals} [signal]
   * @returns {Promise<Finished>}
   */
  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    return this.finished;
  }
}

/**
 * Lets the identity of `configDirectory` in at servers that keep their state in `stateDirectory`.
 * @param {string} configDirectory
 * @param {string} stateDirectory
 */
export async function authorize(configDirectory, stateDirectory) {
  const { status, stdout, stderr } = await runJscp(['--print-identity'], {
    env: { JETSTREAM_CONFIG_DIR: configDirectory },
  });
  if (status !== 0) throw new Error(`jscp --print-identity: ${stderr}`);
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  appendFileSync(join(stateDirectory, 'authorized_keys'), stdout, { mode: 0o600 });
}

/** @param {import('node:child_process').ChildProcess} child */
function collect(child) {
  const startedMs = performance.now();
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (bytes) => {
    output.stdout += bytes;
  });
  child.stderr?.on('data', (bytes) => {
    output.stderr += bytes;
  });
  const finished = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) =>
      resolve({ status, signal, ...output, elapsedMs: performance.now() - startedMs }),
    );
  });
  return { child, output, finished: /** @type {Promise<Finished>} */ (finished) };
}
