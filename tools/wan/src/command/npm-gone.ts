import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 250;

/**
 * Resolves when the `npm run` that this process is part of has ended before it: killed, npm takes nobody along. Never
 * resolves where there is no npm.
 */
export function npmGone(): Promise<void> {
  return new Promise((resolve) => {
    if (process.env.npm_lifecycle_event === undefined) return;
    const ancestors = processAncestors();
    setInterval(() => {
      if (processAncestors() !== ancestors) resolve();
    }, LOOK_EVERY_MS).unref();
  });
}

/** The shell that npm started, or npm itself, and the parent of that. */
function processAncestors(): string {
  return `${process.ppid} ${parentOf(process.ppid)}`;
}

function parentOf(pid: number): string | undefined {
  try {
    return /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
