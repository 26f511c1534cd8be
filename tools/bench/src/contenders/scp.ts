import { dirname } from 'node:path';
import { Running } from '../processes/running.ts';
import type { Contender } from './contender.ts';
import { overSsh } from './ssh.ts';

/** OpenSSH's scp. */
export function scp(name: string, about: string, flags: readonly string[] = []): Contender {
  return overSsh({
    ...{ name, about, commands: ['scp'] },
    copy: ({ sender, receiver, source, target, port }, ssh) =>
      new Running(sender, [
        ...['scp', '-q', '-r', '-P', String(port), ...ssh, ...flags],
        ...[source, `root@${receiver.address}:${dirname(target)}/`],
      ]),
  });
}
