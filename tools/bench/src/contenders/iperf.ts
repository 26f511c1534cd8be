import { Running } from '../processes/running.ts';
import { commandLack } from './command-lack.ts';
import { type Contender, PORT } from './contender.ts';
import { TCP_HEADER_BYTES, type TcpCongestionControl, tcpLack, tuneTcp } from './kernel-tcp.ts';

interface IperfReport {
  end: { sum_received: { bytes: number } };
}

/** As many bytes as the file has, from memory to memory: what the line gives to the kernel's TCP. */
export function iperf(control: TcpCongestionControl): Contender {
  return {
    name: `iperf-${control}`,
    about: `iperf3: no files, memory to memory, as a reference; kernel ${control.toUpperCase()}, buffers to 64 MiB`,
    copiesNothing: true,
    headerBytesPerPacket: () => TCP_HEADER_BYTES,
    findLack: () => commandLack('iperf3') ?? tcpLack(control),
    prepare: (scene) => tuneTcp(scene, control),
    async serve({ receiver }) {
      const server = new Running(receiver, ['iperf3', '--server', '--one-off', '--port', String(PORT)]);
      await server.listens('tcp', PORT);
      return server;
    },
    copy: ({ sender, receiver, sourceBytes }) =>
      new Running(sender, [
        ...['iperf3', '--client', receiver.address, '--port', String(PORT)],
        ...['--bytes', String(sourceBytes), '--json'],
      ]),
    // Bytes still in its buffers at the end are not sent.
    receivedBytes: (sender) => (JSON.parse(sender) as IperfReport).end.sum_received.bytes,
  };
}
