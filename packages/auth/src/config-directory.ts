import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where a client keeps its identity and its known hosts: `$JETSTREAM_CONFIG_DIR`, else `$XDG_CONFIG_HOME/jetstream`, else
 * `~/.config/jetstream`. A relative XDG_CONFIG_HOME is ignored, as the XDG Base Directory Specification asks.
 */
export function configDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment.JETSTREAM_CONFIG_DIR;
  if (own) return own;
  const xdg = environment.XDG_CONFIG_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(environment.HOME || homedir(), '.config'), 'jetstream');
}
