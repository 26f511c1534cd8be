import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** Four that compile and collect garbage, and one that gives them later what is not due yet. */
const V8_THREADS = 5;

/**
 * Lets V8's own threads of this process come after all others. They compile what is hot, and in the first second of a copy that
 * is everything: with few processors network threads waited for them longer than they ran. For a program that is JetStream's alone;
 * the threads of whoever uses it as a library are not ours.
 */
export function lowerHelperThreads(): void {
  try {
    // In the order of their start: the main thread, then those of V8.
    const helpers = readdirSync('/proc/self/task').slice(1, 1 + V8_THREADS);
    for (const thread of helpers) setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not Linux: elsewhere a thread cannot be told from here.
  }
}
