import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { canRun, isRoot } from './arena.ts';

/** Whether there can be one, and what it takes. */
export const canHavePrivateNetwork =
  isRoot && canRun('unshare', '--net', '--mount', 'true') && canRun('ip', '-V') && canRun('nsenter', '-V');
export const PRIVATE_NETWORK_NEEDS = 'needs root, unshare, nsenter and ip';

/** A network of its own, with nothing in it but loopback, and host names of its own: the usual ports are free in it. */
export class PrivateNetwork implements AsyncDisposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /** @param hosts path of a file in the form of hosts(5) */
  static async create(hosts: string): Promise<PrivateNetwork> {
    const script = 'ip link set lo up && mount --bind "$0" /etc/hosts && echo up && exec cat';
    const holder = spawn('unshare', ['--net', '--mount', 'sh', '-c', script, hosts], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [output] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
    if (String(output) !== 'up\n') throw new Error(`no private network: ${output}`);
    return new PrivateNetwork(holder);
  }

  /** Runs a command in it. */
  get wrapper(): string[] {
    return ['nsenter', '--net', '--mount', '--target', String(this.#holder.pid), '--'];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.stdin?.end();
    if (this.#holder.exitCode === null) await once(this.#holder, 'exit');
  }
}
