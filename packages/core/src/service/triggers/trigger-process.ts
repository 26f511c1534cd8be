import { spawn } from 'node:child_process';
import { homedir } from 'node:os';

/** Of standard output and error each; the rest is thrown away. */
const MAX_OUTPUT_BYTES = 8 * 1024;

export interface TriggerOutcome {
  /** Exit status; null when a signal ended it. */
  status: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
  /** What it said, cut to 8 KiB each. */
  output: string;
  errors: string;
}

/** Nothing of the server's own environment goes to a trigger: there may be secrets in it. */
function environment(): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: process.env.LANG ?? 'C.UTF-8',
    HOME: homedir(),
  };
}

/**
 * Runs a program without a shell: arguments are what they are. It has a process group of its own, which is killed as a whole when time
 * is up. Over when the program itself has ended, whatever it has left behind that holds its output.
 * @throws Error when it cannot be started at all
 */
export function runTrigger(
  path: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<TriggerOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, {
      cwd: '/',
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const outputs = [child.stdout, child.stderr].map((stream) => {
      const kept: Buffer[] = [];
      let bytes = 0;
      stream.on('error', () => undefined);
      stream.on('data', (chunk: Buffer) => {
        if (bytes < MAX_OUTPUT_BYTES) kept.push(chunk.subarray(0, MAX_OUTPUT_BYTES - bytes));
        bytes += chunk.length;
      });
      return () => Buffer.concat(kept).toString();
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, timeoutMs);
    // A server that has closed waits for no trigger.
    timer.unref();
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('exit', (status, signal) => {
      clearTimeout(timer);
      // What it wrote last may still be in the pipe, and who holds the other end may never close it.
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ status, signal, timedOut, output: outputs[0]!(), errors: outputs[1]!() });
      });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
