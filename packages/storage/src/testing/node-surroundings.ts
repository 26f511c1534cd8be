import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { directoryOperations, setModificationTime } from '@jetstream/platform';
import { openStorage } from '../node-file-system.ts';
import type { Surroundings } from './surroundings.ts';

/** A directory of this machine. */
export function nodeSurroundings(area: string): Surroundings {
  const within = (path: string) => join(area, path);
  return {
    open: (sandboxRoot = '/') => openStorage({ sandboxRoot: within(sandboxRoot) }),
    openUnheld: () => openStorage(),
    components: (path) => within(path).split('/').filter(Boolean),
    write: (path, content) => writeFileSync(within(path), content),
    read: (path) => readFileSync(within(path)),
    append: (path, content) => appendFileSync(within(path), content),
    truncate: (path, byteLength) => truncateSync(within(path), byteLength),
    makeDirectory: (path) => mkdirSync(within(path), { recursive: true }),
    makeSymlink: (target, path) => symlinkSync(target, within(path)),
    makeFifo: (path) => execFileSync('mkfifo', [within(path)]),
    link: (path, newPath) => linkSync(within(path), within(newPath)),
    rename: (path, newPath) => renameSync(within(path), within(newPath)),
    // Node's own removal goes by path, which may be too long for that.
    remove: (path) => execFileSync('rm', ['-rf', within(path)]),
    setMode: (path, mode) => chmodSync(within(path), mode),
    setTime: (path, seconds, nanoseconds = 0) => setModificationTime(within(path), seconds, nanoseconds),
    status(path) {
      const operations = directoryOperations();
      const directory = operations.openRoot(join(within(path), '..'));
      try {
        return operations.statusAt(directory, within(path).split('/').at(-1)!);
      } finally {
        directory.close();
      }
    },
    names: (path = '/') => readdirSync(within(path), { recursive: true, encoding: 'utf8' }).sort(),
  };
}
