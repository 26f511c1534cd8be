import { execFile } from 'node:child_process';
import { JetStreamError } from '@jetstream/protocol';

/**
 * Runs `ip` or `tc`.
 * @param input for its standard input
 * @returns what it printed
 * @throws JetStreamError `internal` with what it said
 */
export function run(command: 'ip' | 'tc', parameters: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, parameters, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const what = [command, ...parameters].join(' ');
      reject(new JetStreamError('internal', `${what}: ${stderr.trim() || error.message}`, { cause: error }));
    });
    child.stdin!.on('error', () => {}); // it ended without reading, which its status tells
    child.stdin!.end(input);
  });
}

/** Runs a batch of `ip` commands, one a line, in a network namespace. */
export function ipBatch(namespace: string, commands: readonly string[]): Promise<string> {
  return run('ip', ['-n', namespace, '-batch', '-'], `${commands.join('\n')}\n`);
}

/** The same for `tc`. */
export function tcBatch(namespace: string, commands: readonly string[]): Promise<string> {
  return run('tc', ['-n', namespace, '-batch', '-'], `${commands.join('\n')}\n`);
}
