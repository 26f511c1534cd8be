import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

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
  /** Part of the CPUs that others used in the second before it began. */
  othersShare: number;
}

/** Load averages would still tell of the case before. */
const LISTENED_MS = 1_000;
/** Above it others disturb what is measured. */
const BUSY_SHARE = 0.1;

/** Of statfs(2). */
const FILE_SYSTEMS = new Map([
  [0xef53, 'ext4'],
  [0x01021994, 'tmpfs'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x794c7630, 'overlayfs'],
]);

/** @param directory where files are copied from and to */
export async function describeMachine(directory: string): Promise<Machine> {
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
    othersShare: await othersShare(),
  };
}

export function isBusy({ othersShare }: Machine): boolean {
  return othersShare > BUSY_SHARE;
}

async function othersShare(): Promise<number> {
  const before = cpuTimes();
  await sleep(LISTENED_MS);
  const after = cpuTimes();
  return 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
}

function cpuTimes(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.flatMap((time) => Object.values(time)).reduce((sum, ms) => sum + ms, 0);
  return { idle: times.reduce((sum, { idle }) => sum + idle, 0), all };
}

export function machineLine(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, node, fileSystem, commit, othersShare } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB`,
    ...[kernel, `Node ${node}`, `files on ${fileSystem}, source in the page cache`],
    ...[`commit ${commit}`, `${(100 * othersShare).toFixed(0)} % of the CPUs used by others at the start`],
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
