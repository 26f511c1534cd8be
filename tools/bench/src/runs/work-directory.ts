import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { writeContent } from './content.ts';

/**
 * Waits for the end of its input, which comes with the end of its parent whatever that is, and removes the directory: more than once
 * when somebody still writes into it.
 */
const KEEPER = `trap '' INT TERM HUP; while read -r line; do :; done
for round in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$1" 2>/dev/null; [ -e "$1" ] || break; sleep 0.5; done`;

export interface Source {
  readonly files: number;
  /** Of each file. */
  readonly fileBytes: number;
}

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
  async source({ files, fileBytes }: Source): Promise<string> {
    const path = join(this.directory('sources'), `${files}x${fileBytes}`);
    if (existsSync(path)) return path;
    if (files === 1) await writeContent(path, fileBytes, 0);
    else {
      mkdirSync(path);
      for (let index = 0; index < files; index += 1)
        await writeContent(join(path, `${index}`), fileBytes, index);
    }
    return path;
  }

  async close(): Promise<void> {
    const ended = once(this.#keeper, 'exit');
    this.#keeper.stdin!.end();
    await ended;
  }
}
