import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { JSCP } from '../../tools/programs/src/programs.mjs';
import type { Arena, ServerProcess } from './arena.ts';

export const CTRL_C = '\x03';

/** jscp in a terminal of its own, made by script(1) of util-linux. */
export class Terminal {
  readonly #child;
  readonly #closed: Promise<unknown[]>;
  screen = '';

  constructor(arena: Arena, server: ServerProcess, parameters: readonly string[]) {
    const command = [process.execPath, JSCP, '-P', String(server.port), ...parameters];
    const quoted = command.map((word) => `'${word}'`).join(' ');
    this.#child = spawn('script', ['-qec', `stty cols 100; ${quoted}`, '/dev/null'], {
      env: { ...process.env, ...arena.environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout.on('data', (bytes) => {
      this.screen += bytes;
    });
    this.#closed = once(this.#child, 'close');
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  async shows(sign: RegExp): Promise<void> {
    while (!sign.test(this.screen)) {
      const ended = await Promise.race([once(this.#child.stdout, 'data'), this.#closed.then(() => 'ended')]);
      if (ended === 'ended' && !sign.test(this.screen))
        throw new Error(`never showed ${sign}: ${this.screen}`);
    }
  }

  async status(): Promise<unknown> {
    const [status] = await this.#closed;
    return status;
  }
}
