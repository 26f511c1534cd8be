import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Running } from '../processes/running.ts';
import { commandLack } from './command-lack.ts';
import type { Contender } from './contender.ts';
import { TCP_HEADER_BYTES, type TcpCongestionControl, tcpLack, tuneTcp } from './kernel-tcp.ts';
import { overSsh } from './ssh.ts';

/** rsync to its own daemon: plain TCP, no encryption, no delta. */
export function rsync(control: TcpCongestionControl): Contender {
  return {
    name: `rsync-${control}`,
    about: `rsync --whole-file to a daemon over TCP, unencrypted; kernel ${control.toUpperCase()}, buffers to 64 MiB`,
    headerBytesPerPacket: () => TCP_HEADER_BYTES,
    findLack: () => commandLack('rsync') ?? tcpLack(control),
    prepare: (scene) => tuneTcp(scene, control),
    async serve({ receiver, directory, target, port }) {
      const configuration = join(directory, 'rsyncd.conf');
      writeFileSync(
        configuration,
        [
          ...[`address = ${receiver.address}`, `port = ${port}`, 'use chroot = no', 'reverse lookup = no'],
          ...['uid = 0', 'gid = 0', '[target]', `path = ${dirname(target)}`, 'read only = no', ''],
        ].join('\n'),
      );
      const daemon = new Running(receiver, ['rsync', '--daemon', '--no-detach', '--config', configuration]);
      await daemon.listens('tcp', port);
      return daemon;
    },
    copy: ({ sender, receiver, source, port }) =>
      new Running(sender, [
        ...['rsync', '--whole-file', '--archive'],
        ...[source, `rsync://${receiver.address}:${port}/target/`],
      ]),
  };
}

/** rsync as most people call it. */
export function rsyncSsh(): Contender {
  return overSsh({
    ...{ name: 'rsync-ssh', about: 'rsync -a through ssh', commands: ['rsync'] },
    copy: ({ sender, receiver, source, target, port }, ssh) =>
      new Running(sender, [
        ...['rsync', '--archive', '--rsh', ['ssh', '-p', String(port), ...ssh].join(' ')],
        ...[source, `root@${receiver.address}:${dirname(target)}/`],
      ]),
  });
}
