import { Running } from '../processes/running.ts';
import { commandLack } from './command-lack.ts';
import type { Contender } from './contender.ts';

const BUFFER_BYTES = 64 * 2 ** 20;
/** Packets on their way: enough for two products of rate and round trip of every case. */
const WINDOW_PACKETS = 60_000;

/** SRT's own program for files, without encryption. */
export function srt(): Contender {
  const options = `sndbuf=${BUFFER_BYTES}&rcvbuf=${BUFFER_BYTES}&fc=${WINDOW_PACKETS}`;
  return {
    name: 'srt',
    about: 'srt-file-transmit, unencrypted; buffers 64 MiB, window 60,000 packets',
    receiverEnds: true,
    // IPv4 20, UDP 8, SRT 16.
    headerBytesPerPacket: () => 44,
    findLack: () => commandLack('srt-file-transmit'),
    async serve({ receiver, target, port }) {
      const server = new Running(receiver, [
        ...['srt-file-transmit', '-q'],
        ...[`srt://${receiver.address}:${port}?mode=listener&${options}`, `file://${target}`],
      ]);
      await server.listens('udp', port);
      return server;
    },
    copy: ({ sender, receiver, source, port }) =>
      new Running(sender, [
        ...['srt-file-transmit', '-q', `file://${source}`],
        `srt://${receiver.address}:${port}?mode=caller&${options}`,
      ]),
  };
}
