import { homedir } from 'node:os';
import { join } from 'node:path';

/** `/var/lib/jetstream/state` for root, `$XDG_STATE_HOME/jetstream` (default `~/.local/state/jetstream`) otherwise. */
export function defaultStateDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (process.getuid?.() === 0) return '/var/lib/jetstream/state';
  return join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'jetstream');
}
