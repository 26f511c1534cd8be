import { homedir } from 'node:os';
import { join } from 'node:path';
import { configDirectory } from '@jetstream/auth';

/** Of a server: `/var/lib/jetstream/state` for root, that of the user otherwise. */
export function defaultStateDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (process.getuid?.() === 0) return '/var/lib/jetstream/state';
  return userStateDirectory(environment);
}

/** `$XDG_STATE_HOME/jetstream`, default `~/.local/state/jetstream`. */
export function userStateDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'jetstream');
}

/** Of a server: `/var/lib/jetstream/triggers` for root, in the configuration directory of the user otherwise. */
export function defaultTriggerDirectory(): string {
  return process.getuid?.() === 0 ? '/var/lib/jetstream/triggers' : join(configDirectory(), 'triggers');
}
