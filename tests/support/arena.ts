import { type ChildProcess, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import {
  authorize,
  type Finished,
  type RunOptions,
  type ServerProcess,
  startJscp,
  startServer,
} from '../../tools/programs/src/programs.mjs';
import { compareTrees, describeTree, writeFile } from '../../tools/programs/src/tree.mjs';

export type { Finished, ServerProcess };

/** Directories and a server for one file of tests; nothing of the user's own is read or written. */
export class Arena {
  readonly base: string;
  readonly source: string;
  readonly sandbox: string;
  readonly state: string;
  readonly config: string;
  readonly #servers: ServerProcess[] = [];
  readonly #copies: ChildProcess[] = [];
  #probes = 0;

  private constructor(base: string) {
    this.base = base;
    this.source = this.directory('source');
    this.sandbox = this.directory('sandbox');
    this.state = this.directory('state');
    this.config = this.directory('config');
    chmodSync(this.state, 0o700);
  }

  static async create(): Promise<Arena> {
    const arena = new Arena(mkdtempSync(join(tmpdir(), 'jetstream-e2e-')));
    await authorize(arena.config, arena.state);
    return arena;
  }

  directory(name: string): string {
    const path = join(this.base, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** A file with content of its own, outside the source tree. */
  file(name: string, bytes: number, mode = 0o644): string {
    const path = join(this.base, 'files', name);
    writeFile(path, bytes, name.length * 1000 + bytes, { mode });
    return path;
  }

  async startServer(parameters: readonly string[] = [], options: RunOptions = {}): Promise<ServerProcess> {
    const defaults = ['--recv-host', '127.0.0.1', '--sandbox-dir', this.sandbox];
    // Given twice, it would mean two ports.
    if (!parameters.includes('--recv-port')) defaults.push('--recv-port', '0');
    const server = await startServer(
      [...defaults, '--persistent-state-dir', this.#freeState(), ...parameters],
      {
        ...options,
        env: { ...this.environment, ...options.env },
      },
    );
    this.#servers.push(server);
    return server;
  }

  /** Runs jscp with this arena's identity against a port. */
  jscp(port: number, parameters: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.#start(['-P', String(port), '--accept-new', ...parameters], options).finished;
  }

  jscpWithoutAcceptNew(port: number, parameters: readonly string[]): Promise<Finished> {
    return this.#start(['-P', String(port), ...parameters]).finished;
  }

  startJscp(port: number, parameters: readonly string[]): RunningCopy {
    const { child, finished } = this.#start(['-P', String(port), '--accept-new', '--json', ...parameters]);
    return new RunningCopy(child, finished);
  }

  /** Proves that a server still does its work. */
  async expectWorking(server: ServerProcess): Promise<void> {
    this.#probes += 1;
    const name = `probe-${this.#probes}`;
    const path = this.file(name, 10_000);
    expectOk(await this.jscp(server.port, [path, `127.0.0.1:/${name}`]));
    await expectEqualTrees(path, join(this.sandbox, name));
    rmSync(join(this.sandbox, name));
  }

  get environment(): Record<string, string | undefined> {
    return {
      HOME: this.directory('home'),
      JETSTREAM_CONFIG_DIR: this.config,
      XDG_STATE_HOME: undefined,
      SSH_AUTH_SOCK: undefined,
    };
  }

  async close(): Promise<void> {
    for (const copy of this.#copies) copy.kill('SIGKILL');
    await Promise.all(this.#servers.map((server) => server.stop('SIGKILL')));
    rmSync(this.base, { recursive: true, force: true });
  }

  /** A state directory is for one server at a time: one that runs beside another has a copy, with the same keys. */
  #freeState(): string {
    const isFree = this.#servers.every(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (isFree) return this.state;
    const copy = `${this.state}-${this.#servers.length}`;
    cpSync(this.state, copy, { recursive: true, filter: (path) => !path.endsWith('/level') });
    return copy;
  }

  /** What still runs when the tests are over, as one that failed may leave it, ends with them. */
  #start(parameters: readonly string[], options: RunOptions = {}): ReturnType<typeof startJscp> {
    const started = startJscp(parameters, { ...options, env: { ...this.environment, ...options.env } });
    this.#copies.push(started.child);
    return started;
  }
}

/** A copy that goes on while the test does something to it. */
export class RunningCopy {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;

  constructor(child: ChildProcess, finished: Promise<Finished>) {
    this.child = child;
    this.finished = finished;
  }

  /** Resolves when the receiver has acknowledged that many bytes. */
  untilAcked(bytes: number): Promise<void> {
    return this.#until('ackedBytes', bytes);
  }

  /** Resolves when the receiver has made that many bytes durable. */
  untilDurable(bytes: number): Promise<void> {
    return this.#until('durableBytes', bytes);
  }

  async #until(field: string, bytes: number): Promise<void> {
    let text = '';
    const reached = new Promise<void>((resolve) => {
      this.child.stdout?.on('data', (more) => {
        text += more;
        const counts = [...text.matchAll(new RegExp(`"${field}":(\\d+)`, 'g'))].map(([, count]) =>
          Number(count),
        );
        if (Math.max(0, ...counts) >= bytes) resolve();
      });
    });
    const ended = this.finished.then((finished) => {
      throw new Error(`the copy ended early: ${JSON.stringify(finished)}`);
    });
    await Promise.race([reached, ended]);
  }
}

export function expectOk(finished: Finished): void {
  expect(finished, finished.stderr).toMatchObject({ status: 0 });
}

/** One line that names the thing, an exit status of its own, no stack. */
export function expectRefusal(finished: Finished, status: number, line: RegExp): void {
  expect(finished, JSON.stringify(finished)).toMatchObject({ status });
  expect(finished.stderr).toMatch(/^[^\n]+\n$/);
  expect(finished.stderr).toMatch(line);
  expect(finished.stderr).not.toMatch(/\bat .*:\d+:\d+/);
}

export async function expectEqualTrees(source: string, copy: string): Promise<void> {
  expect(existsSync(copy), `${basename(copy)} exists`).toBe(true);
  expect(compareTrees(await describeTree(source), await describeTree(copy))).toEqual([]);
}

export const isRoot = process.getuid?.() === 0;

/** Whether this machine lets us run such a command; used to name what a test needs when it is skipped. */
export function canRun(command: string, ...parameters: string[]): boolean {
  try {
    execFileSync(command, parameters, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
