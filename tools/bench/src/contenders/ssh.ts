import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Running } from '../processes/running.ts';
import { commandLack, findCommand } from './command-lack.ts';
import type { Contender, Scene } from './contender.ts';
import { TCP_HEADER_BYTES, tcpLack, tuneTcp } from './kernel-tcp.ts';

/** OpenSSH refuses to run as root without it. */
const PRIVILEGE_SEPARATION = '/run/sshd';

export interface OverSshOptions {
  readonly name: string;
  /** What goes over it, and how. */
  readonly about: string;
  /** The programs that it needs besides OpenSSH's. */
  readonly commands: readonly string[];
  /** @param ssh options of ssh and scp alike, the port not among them */
  copy(scene: Scene, ssh: readonly string[]): Running;
}

/** Over an OpenSSH server of our own, with keys, port and configuration of its own. */
export function overSsh({ name, about, commands, copy }: OverSshOptions): Contender {
  return {
    name,
    about: `${about}; kernel BBR, buffers to 64 MiB`,
    headerBytesPerPacket: () => TCP_HEADER_BYTES,
    findLack: () => commandLack('ssh', 'sshd', 'ssh-keygen', ...commands) ?? tcpLack('bbr'),
    async prepare(scene) {
      await tuneTcp(scene, 'bbr');
      const { clientKey, hostKey, authorizedKeys } = files(scene);
      if (existsSync(hostKey)) return;
      for (const path of [hostKey, clientKey]) {
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
      }
      copyFileSync(`${clientKey}.pub`, authorizedKeys);
    },
    async serve(scene) {
      const { configuration, hostKey, authorizedKeys } = files(scene);
      if (!existsSync(PRIVILEGE_SEPARATION)) mkdirSync(PRIVILEGE_SEPARATION, { mode: 0o755 });
      writeFileSync(
        configuration,
        [
          ...[`ListenAddress ${scene.receiver.address}:${scene.port}`, `HostKey ${hostKey}`, 'PidFile none'],
          ...[`AuthorizedKeysFile ${authorizedKeys}`, 'StrictModes no', 'PermitRootLogin prohibit-password'],
          ...['PasswordAuthentication no', 'UsePAM no', 'UseDNS no', 'Subsystem sftp internal-sftp', ''],
        ].join('\n'),
      );
      const server = new Running(scene.receiver, [findCommand('sshd')!, '-D', '-e', '-f', configuration]);
      await server.listens('tcp', scene.port);
      return server;
    },
    copy: (scene) =>
      copy(scene, [
        ...['-F', '/dev/null', '-i', files(scene).clientKey, '-o', 'StrictHostKeyChecking=no'],
        ...['-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', 'BatchMode=yes'],
        ...['-o', 'IdentitiesOnly=yes'],
      ]),
  };
}

function files({ directory }: Scene) {
  return {
    configuration: join(directory, 'sshd_config'),
    hostKey: join(directory, 'host_key'),
    clientKey: join(directory, 'client_key'),
    authorizedKeys: join(directory, 'authorized_keys'),
  };
}
