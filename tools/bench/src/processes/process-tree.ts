import { readFileSync } from 'node:fs';

/** Of Linux on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessUsage {
  /** User and system time, with that of ended children. */
  cpuSeconds: number;
  /** `VmHWM`: the most that was ever resident, as the kernel counts it. */
  peakResidentBytes: number;
}

/** The process and what it started, as far as they live. */
export function processTree(pid: number): number[] {
  const listed = read(`/proc/${pid}/task/${pid}/children`)?.trim();
  const children = listed ? listed.split(' ').map(Number) : [];
  return [pid, ...children.flatMap(processTree)];
}

/** The sum over living processes. */
export function usageOf(pids: readonly number[]): ProcessUsage {
  const sum: ProcessUsage = { cpuSeconds: 0, peakResidentBytes: 0 };
  for (const pid of pids) {
    sum.cpuSeconds += cpuSecondsIn(read(`/proc/${pid}/stat`) ?? '');
    sum.peakResidentBytes += peakResidentIn(read(`/proc/${pid}/status`) ?? '');
  }
  return sum;
}

/** @param stat what proc_pid_stat(5) describes: utime, stime, cutime and cstime are its fields 14 to 17 */
export function cpuSecondsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 15) return 0;
  return fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) / TICKS_PER_SECOND;
}

/** @param status what proc_pid_status(5) describes */
export function peakResidentIn(status: string): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** @returns undefined when the process is gone */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
