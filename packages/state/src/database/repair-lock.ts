import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';

/**
 * Lets one process at a time repair a database, which LevelDB does without taking its own lock.
 * @throws JetStreamError `state-locked` while another one does
 */
export async function withRepairLock<T>(directory: string, repair: () => Promise<T>): Promise<T> {
  const file = `${directory}.repairing`;
  take(file, directory);
  try {
    return await repair();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string, directory: string): void {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (isRunning(Number(readFileSync(file, 'utf8')))) {
      throw new JetStreamError(
        'state-locked',
        `another process repairs the state directory ${directory}: wait for it (or remove ${file} when there is none)`,
        { subject: directory },
      );
    }
    // Of a process that was killed in the middle: a repair can be begun again.
    writeFileSync(file, String(process.pid));
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
