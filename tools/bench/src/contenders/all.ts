import type { Contender } from './contender.ts';
import { disk } from './disk.ts';
import { iperf } from './iperf.ts';
import { jetstream } from './jetstream.ts';
import { jetstreamHeap } from './jetstream-heap.ts';
import { manifest } from './manifest.ts';
import { rsync, rsyncSsh } from './rsync.ts';
import { scp } from './scp.ts';
import { srt } from './srt.ts';
import { tarSsh } from './tar-ssh.ts';
import { udt } from './udt.ts';

/** Everybody who can take part, in the order in which they are shown. */
export const CONTENDERS: readonly Contender[] = [
  jetstream({
    name: 'jetstream',
    about: 'jscp against jetstream server, neither knowing path nor host from before',
  }),
  jetstream({
    name: 'jetstream-remembered',
    about: 'the same with the directories of an earlier copy',
    remembers: true,
  }),
  jetstream({
    name: 'jetstream-portable',
    about: 'jetstream with JETSTREAM_PORTABLE=1 at both ends',
    environment: { JETSTREAM_PORTABLE: '1' },
  }),
  jetstreamHeap(),
  rsync('bbr'),
  rsync('cubic'),
  rsyncSsh(),
  tarSsh(),
  scp('scp', 'OpenSSH scp as it comes'),
  scp('scp-aes', 'OpenSSH scp with aes128-gcm', ['-c', 'aes128-gcm@openssh.com']),
  udt(),
  srt(),
  iperf('bbr'),
  iperf('cubic'),
  disk('each'),
  disk('together'),
  manifest(),
];

export function contenderNamed(name: string): Contender | undefined {
  return CONTENDERS.find((contender) => contender.name === name);
}
