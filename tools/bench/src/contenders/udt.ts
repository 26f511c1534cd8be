import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Running } from '../processes/running.ts';
import type { Contender } from './contender.ts';

const LIBRARY = 'libudt.so.0';
const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/contenders/programs/udt-copy.js' : './programs/udt-copy.js',
    import.meta.url,
  ),
);

/** UDT 4.11, by its `sendfile` and `recvfile`, called from a few lines of ours: Debian has the library without a program. */
export function udt(): Contender {
  const node = [process.execPath, PROGRAM];
  return {
    name: 'udt',
    about:
      'UDT 4 (sendfile, recvfile), unencrypted, as it comes: buffers of 12 MB; larger ones only lose more',
    receiverEnds: true,
    // IPv4 20, UDP 8, UDT 16.
    headerBytesPerPacket: () => 44,
    findLack: () => (findLibrary() === undefined ? `${LIBRARY} not installed` : undefined),
    async serve({ receiver, sourceBytes, target, port }) {
      const server = new Running(receiver, [
        ...[...node, findLibrary()!, 'receive', receiver.address, String(port), target, String(sourceBytes)],
      ]);
      await server.listens('udp', port);
      return server;
    },
    copy: ({ sender, receiver, source, sourceBytes, port }) =>
      new Running(sender, [
        ...[...node, findLibrary()!, 'send', receiver.address, String(port), source, String(sourceBytes)],
      ]),
  };
}

function findLibrary(): string | undefined {
  const roots = ['/usr/lib', '/usr/local/lib'].filter((root) => existsSync(root));
  const triplets = readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'));
  return [...roots, ...triplets.map((name) => join('/usr/lib', name))]
    .map((directory) => join(directory, LIBRARY))
    .find((path) => existsSync(path));
}
