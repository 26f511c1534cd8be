import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';

/** What figures depend on. Names nobody. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  /** Largest buffer of a socket that an ordinary program can ask for (`net.core.rmem_max`). */
  socketBufferBytes: number;
  /** Of the files that are copied. */
  fileSystem: string;
  /** Of this checkout; with a plus sign where files were changed. */
  commit: string;
  /** When it began: what else ran on the machine. */
  load: number;
}

/** Of statfs(2). */
const FILE_SYSTEMS = new Map([
  [0xef53, 'ext4'],
  [0x01021994, 'tmpfs'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x794c7630, 'overlayfs'],
]);

/** @param directory where files are copied from and to */
export function describeMachine(directory: string): Machine {
  const fileSystem = statfsSync(directory).type;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()} ${arch()}`,
    node: process.version,
    socketBufferBytes: Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8')),
    fileSystem: FILE_SYSTEMS.get(fileSystem) ?? `type 0x${fileSystem.toString(16)}`,
    commit: commit(),
    load: loadavg()[0]!,
  };
}

/** Above half a program per core, others worked on the machine while it was measured. */
export function isBusy({ load, cores }: Machine): boolean {
  return load > cores / 2;
}

export function machineLine(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, node, fileSystem, commit, load } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB`,
    ...[kernel, `Node ${node}`, `files on ${fileSystem}, source in the page cache`],
    ...[`commit ${commit}`, `load at the start ${load.toFixed(2)}`],
  ].join('; ');
}

function commit(): string {
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8' } as const;
    return execFileSync('git', ['describe', '--always', '--dirty=+', '--exclude=*'], options).trim();
  } catch {
    return 'unknown';
  }
}
