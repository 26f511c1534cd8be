import { Running } from '../processes/running.ts';
import { commandLack } from './command-lack.ts';
import type { Contender } from './contender.ts';
import { type TcpCongestionControl, tcpLack, tuneTcp } from './kernel-tcp.ts';

interface IperfReport {
  end: { sum_received: { bytes: number } };
}

/** As many bytes as the file has, from memory to memory: what the line gives to the kernel's TCP. */
export function iperf(control: TcpCongestionControl): Contender {
  return {
    name: `iperf-${control}`,
    about: `iperf3: no files, memory to memory, as a reference; kernel ${control.toUpperCase()}, buffers to 64 MiB`,
    copiesNothing: true,
    findLack: () => commandLack('iperf3') ?? tcpLack(control),
    prepare: (scene) => tuneTcp(scene, control),
    async serve({ receiver, port }) {
      const server = new Running(receiver, [
        ...['iperf3', '--server', '--one-off', '--port', String(port)],
        ...['--interval', '1', '--format', 'k', '--forceflush'],
      ]);
      await server.listens('tcp', port);
      return server;
    },
    copy: ({ sender, receiver, sourceBytes, port }) =>
      new Running(sender, [
        ...['iperf3', '--client', receiver.address, '--port', String(port)],
        // In the socket besides the route: flows of one route may differ.
        ...['--congestion', control, '--bytes', String(sourceBytes), '--json'],
      ]),
    progress: { from: 'receiver', bytes: bytesOfInterval },
    // Bytes still in its buffers at the end are not sent.
    receivedBytes: (sender) => (JSON.parse(sender) as IperfReport).end.sum_received.bytes,
  };
}

/** From a line for each second: `[  5]   1.00-2.00   sec  11.3 MBytes  94925 Kbits/sec`. */
function bytesOfInterval(line: string, before: number): number | undefined {
  const rate = /^\[ *\d+\] +[\d.]+-[\d.]+ +sec .* ([\d.]+) Kbits\/sec *$/.exec(line)?.[1];
  return rate === undefined ? undefined : before + (Number(rate) * 1000) / 8;
}
