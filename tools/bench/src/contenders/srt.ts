import { Running } from '../processes/running.ts';
import { commandLack } from './command-lack.ts';
import type { Contender } from './contender.ts';

/** SRT's own program for files, without encryption. */
export function srt(): Contender {
  return {
    name: 'srt',
    about: 'srt-file-transmit, unencrypted, as it comes: buffers of 12 MB; larger ones only lose more',
    receiverEnds: true,
    // IPv4 20, UDP 8, SRT 16.
    headerBytesPerPacket: () => 44,
    findLack: () => commandLack('srt-file-transmit'),
    async serve({ receiver, target, port }) {
      const server = new Running(receiver, [
        ...['srt-file-transmit', '-q'],
        ...[`srt://${receiver.address}:${port}?mode=listener`, `file://${target}`],
      ]);
      await server.listens('udp', port);
      return server;
    },
    copy: ({ sender, receiver, source, port }) =>
      new Running(sender, [
        ...['srt-file-transmit', '-q', `file://${source}`],
        `srt://${receiver.address}:${port}?mode=caller`,
      ]),
  };
}
