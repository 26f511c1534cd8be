import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { makeSource, type Source } from './source.ts';

/**
 * Waits for the end of its input, which comes with the end of its parent whatever that is, and removes the directory: more than once
 * when somebody still writes into it.
 */
const KEEPER = `trap '' INT TERM HUP; while read -r line; do :; done
for round in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$1" 2>/dev/null; [ -e "$1" ] || break; sleep 0.5; done`;

/** A directory for everything that a run writes. It goes with `close`, and with this process, also by SIGKILL. */
export class WorkDirectory {
  readonly path: string;
  readonly #keeper: ChildProcess;

  /** @param parent on the file system that is to be measured */
  constructor(parent: string) {
    mkdirSync(parent, { recursive: true });
    this.path = mkdtempSync(join(parent, 'jetstream-bench-'));
    this.#keeper = spawn('sh', ['-c', KEEPER, 'jetstream-bench-keeper', this.path], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }

  /** A directory of its own for each name. */
  directory(...names: readonly string[]): string {
    const path = join(this.path, ...names);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Made once for all who copy it, so that it is in the page cache for all alike. */
  source(source: Source): string {
    const path = join(this.directory('sources'), `${source.files}x${source.fileBytes}`);
    if (!existsSync(path)) makeSource(path, source);
    return path;
  }

  async close(): Promise<void> {
    const ended = once(this.#keeper, 'exit');
    this.#keeper.stdin!.end();
    await ended;
  }
}
