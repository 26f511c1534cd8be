import { statSync } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';

/**
 * A sandbox that is not there is told when the server starts, not at the first transfer. Of one with placeholders
 * the part before the first of them must be there.
 * @throws JetStreamError `not-found`, `not-a-directory`, `permission-denied`
 */
export function checkSandboxIsDirectory(sandboxDirectory: string): void {
  const placeholder = sandboxDirectory.indexOf('%');
  const fixed =
    placeholder < 0
      ? sandboxDirectory
      : sandboxDirectory.slice(0, sandboxDirectory.lastIndexOf('/', placeholder) + 1);
  const quoted = JSON.stringify(fixed);
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(fixed);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new JetStreamError(
      missing ? 'not-found' : 'permission-denied',
      missing
        ? `--sandbox-dir: there is no directory ${quoted}; make it first`
        : `--sandbox-dir: cannot use ${quoted}: ${code}`,
      { subject: fixed, cause: error },
    );
  }
  if (!stats.isDirectory()) {
    throw new JetStreamError('not-a-directory', `--sandbox-dir: ${quoted} is a file, not a directory`, {
      subject: fixed,
    });
  }
}
