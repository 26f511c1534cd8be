import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { isBound } from './bound-ports.ts';
import { type ProcessUsage, processTree, usageOf } from './process-tree.ts';
import { cpuSecondsOfTimes } from './shell-times.ts';

/** Where a process runs: an end of a WAN, or a loopback. */
export interface Place {
  readonly address: string;
  exec(argv: readonly string[], options?: SpawnOptions): ChildProcess;
}

export interface Ended {
  status: number;
  stdout: string;
  stderr: string;
  /** When the process was gone, by `performance.now()`. */
  atMs: number;
  /** Of all that ran in it, from beginning to end. */
  cpuSeconds: number;
}

/** Runs a command and then says, to descriptor 3, what CPU time it took, children included (POSIX `times`). */
const TIMED = '"$@"; status=$?; times >&3; exit $status';
const KEPT_OUTPUT_CHARACTERS = 4 * 2 ** 20;
/** Between a request to end and SIGKILL. */
const GRACE_MS = 5_000;

/** A command that runs at a place, with its output and what it costs. */
export class Running {
  readonly startedMs: number;
  readonly ended: Promise<Ended>;
  readonly #shell: ChildProcess;
  readonly #output = { stdout: '', stderr: '', times: '' };
  #peakResidentBytes = 0;
  #seenCpuSeconds = 0;

  constructor(place: Place, argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.startedMs = performance.now();
    this.#shell = place.exec(['sh', '-c', TIMED, 'bench', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const streams = [this.#shell.stdout, this.#shell.stderr, this.#shell.stdio[3] as Readable];
    for (const [index, name] of (['stdout', 'stderr', 'times'] as const).entries()) {
      streams[index]!.setEncoding('utf8').on('data', (text: string) => {
        const output = this.#output[name] + text;
        // Seldom: it copies what is kept.
        this.#output[name] =
          output.length > 2 * KEPT_OUTPUT_CHARACTERS ? output.slice(-KEPT_OUTPUT_CHARACTERS) : output;
      });
    }
    this.ended = new Promise((resolve, reject) => {
      let atMs = 0;
      this.#shell.once('error', reject);
      this.#shell.once('exit', () => {
        atMs = performance.now();
      });
      this.#shell.once('close', (status) => {
        const { stdout, stderr, times } = this.#output;
        // A server may end before it has taken note of a child that ended: what was seen of that counts.
        const cpuSeconds = Math.max(cpuSecondsOfTimes(times), this.#seenCpuSeconds);
        resolve({ status: status ?? -1, stdout, stderr, atMs, cpuSeconds });
      });
    });
  }

  /** What it has printed so far. */
  get stdout(): string {
    return this.#output.stdout;
  }

  /** The most that its processes ever had resident, as far as `look` saw them. */
  get peakResidentBytes(): number {
    return this.#peakResidentBytes;
  }

  /** To be called now and then: what its processes used so far. */
  look(): ProcessUsage {
    const usage = usageOf(this.pids);
    this.#peakResidentBytes = Math.max(this.#peakResidentBytes, usage.peakResidentBytes);
    this.#seenCpuSeconds = Math.max(this.#seenCpuSeconds, usage.cpuSeconds);
    return usage;
  }

  /** What proc_pid_net(5) describes as `dev`, of its namespace; empty when it is gone. */
  networkStatistics(): string {
    try {
      return readFileSync(`/proc/${this.#shell.pid}/net/dev`, 'utf8');
    } catch {
      return '';
    }
  }

  /** Calls with each line that it prints from now on. */
  onLine(told: (line: string) => void): void {
    createInterface({ input: this.#shell.stdout! }).on('line', told);
  }

  /**
   * Waits until it says that it is ready.
   * @throws Error with what it said, when it ended instead
   */
  async says(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    const source = this.#shell[stream]!;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(this.#output[stream]);
        if (!found) return;
        source.off('data', look);
        resolve(found);
      };
      source.on('data', look);
      this.ended.then(({ status, stderr }) => {
        reject(new Error(`ended with status ${status} before it was ready: ${complaint(stderr)}`));
      }, reject);
      look();
    });
  }

  /**
   * Waits until something in its network namespace is bound to a port.
   * @throws Error with what it said, when it ended instead
   */
  async listens(protocol: 'tcp' | 'udp', port: number): Promise<void> {
    const ended = this.ended.then(({ status, stderr }) => {
      throw new Error(`ended with status ${status} before it was ready: ${complaint(stderr)}`);
    });
    while (!isBound(this.#shell.pid!, protocol, port)) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10))]);
    }
    ended.catch(() => {}); // its end tells
  }

  /** Ends it, if it still runs: asks first. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), GRACE_MS);
    const ended = await this.ended;
    clearTimeout(timer);
    return ended;
  }

  /** To all that runs in it. */
  signal(signal: NodeJS.Signals): void {
    for (const pid of this.pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // it is gone
      }
    }
  }

  /** Of what runs, without the shell, which shall outlive it. */
  get pids(): number[] {
    const { pid, exitCode } = this.#shell;
    return pid === undefined || exitCode !== null ? [] : processTree(pid).slice(1);
  }
}

/** Why it failed, in one line: what looks like an error, else the last that was said. */
export function complaint(text: string): string {
  const lines = text.trim().split('\n');
  return (lines.find((line) => /error|fail|cannot/i.test(line)) ?? lines.at(-1) ?? '').trim().slice(0, 200);
}
