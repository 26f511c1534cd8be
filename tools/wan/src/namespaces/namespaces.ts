import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { JetStreamError } from '@jetstream/protocol';
import { run } from './commands.ts';
import { KEEPER_SCRIPT } from './keeper-script.ts';

/** Network namespaces of our own, which go when `close` is called or this process ends, also by SIGKILL. */
export class Namespaces {
  readonly #keeper: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #names: readonly string[];

  private constructor(keeper: ChildProcess, ended: Promise<unknown>, names: readonly string[]) {
    this.#keeper = keeper;
    this.#ended = ended;
    this.#names = names;
  }

  /** @throws JetStreamError `internal` with what `ip` said, when a name is in use or the kernel refuses */
  static async make(names: readonly string[]): Promise<Namespaces> {
    // A session of its own: Ctrl-C in the terminal must not reach what cleans up.
    const keeper = spawn('sh', ['-c', KEEPER_SCRIPT, 'jswan-keeper', ...names], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    keeper.stdin!.on('error', () => {}); // it ended, which 'close' tells
    let said = '';
    keeper.stderr!.on('data', (bytes) => {
      said += bytes;
    });
    const ended = once(keeper, 'close');
    const ready = await Promise.race([once(keeper.stdout!, 'data'), ended.then(() => undefined)]);
    if (ready === undefined) {
      throw new JetStreamError('internal', `cannot make network namespaces: ${said.trim()}`);
    }
    return new Namespaces(keeper, ended, names);
  }

  /** Ends what runs in them (SIGTERM, after a second SIGKILL) and removes them. */
  async close(): Promise<void> {
    this.#keeper.stdin!.end();
    await this.#ended;
    if (this.#keeper.exitCode === 0) return;
    for (const name of this.#names) await run('ip', ['netns', 'delete', name]).catch(() => undefined);
  }
}
