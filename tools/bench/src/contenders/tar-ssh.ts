import { basename, dirname } from 'node:path';
import { Running } from '../processes/running.ts';
import type { Contender } from './contender.ts';
import { overSsh } from './ssh.ts';

/** Writes the archive of $2 in $1 to the ssh that the rest is. Its status is that of ssh, and so of the tar at the other end. */
const PIPE = 'from=$1 what=$2; shift 2; tar -C "$from" -cf - "$what" | "$@"';

/** tar, through ssh, to tar. */
export function tarSsh(): Contender {
  return overSsh({
    ...{ name: 'tar-ssh', about: 'tar | ssh tar, as they come', commands: ['tar'] },
    copy: ({ sender, receiver, source, target, port }, ssh) =>
      new Running(sender, [
        ...[
          'sh',
          '-c',
          PIPE,
          'tar-ssh',
          dirname(source),
          basename(source),
          'ssh',
          '-p',
          String(port),
          ...ssh,
        ],
        ...[`root@${receiver.address}`, 'tar', '-C', dirname(target), '-xf', '-'],
      ]),
  });
}
