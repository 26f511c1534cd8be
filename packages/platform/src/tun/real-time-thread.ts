import { constants, setPriority } from 'node:os';
import { ffi } from '../ffi.ts';

const SCHED_FIFO = 1;

/**
 * Lets the calling thread run as soon as it wakes, before all ordinary threads of the machine (sched(7), SCHED_FIFO at the
 * lowest real-time priority); where the system refuses, at the highest ordinary priority that it allows. For a thread
 * that sleeps most of the time: one that does not sleep would leave others a twentieth.
 */
export function preferThisThread(): void {
  const setScheduler = ffi()?.process.func('int sched_setscheduler(int, int, void *)');
  const parameters = Buffer.from(new Int32Array([1]).buffer); // `struct sched_param { int priority }`
  if (setScheduler?.(0, SCHED_FIFO, parameters) === 0) return;
  for (let priority: number = constants.priority.PRIORITY_HIGHEST; priority < 0; priority++) {
    try {
      setPriority(priority);
      return;
    } catch {
      // a lower one may be allowed
    }
  }
}
