import type { MetricSource } from '@jetstream/api/server';
import type { ConnectionStats } from '@jetstream/transport';
import type { TellsStats } from '../../content/connection-traffic.ts';

type Count = Extract<
  keyof ConnectionStats,
  | 'bytesSent'
  | 'bytesReceived'
  | 'packetsSent'
  | 'packetsReceived'
  | 'packetsLost'
  | 'bulkBytesSent'
  | 'bulkBytesResent'
  | 'forgedPackets'
>;

const METRICS: Record<Count, { name: string; help: string }> = {
  bytesSent: { name: 'udp_bytes_sent_total', help: 'UDP payload sent' },
  bytesReceived: { name: 'udp_bytes_received_total', help: 'UDP payload received' },
  packetsSent: { name: 'packets_sent_total', help: 'Packets sent' },
  packetsReceived: { name: 'packets_received_total', help: 'Packets received and opened' },
  packetsLost: { name: 'packets_lost_total', help: 'Packets sent that were taken for lost' },
  bulkBytesSent: { name: 'content_bytes_sent_total', help: 'Content sent for the first time' },
  bulkBytesResent: { name: 'content_bytes_resent_total', help: 'Content sent again' },
  forgedPackets: { name: 'packets_forged_total', help: 'Packets that could not be opened' },
};
const COUNTS = Object.keys(METRICS) as Count[];

/** What went over all connections of the server, those that have ended included. */
export class UdpTraffic {
  readonly #connections = new Set<TellsStats>();
  readonly #ended: Record<Count, number> = zeros();

  /** @returns to be called at its end */
  follow(connection: TellsStats): () => void {
    this.#connections.add(connection);
    return () => {
      if (!this.#connections.delete(connection)) return;
      for (const count of COUNTS) this.#ended[count] += connection.stats?.[count] ?? 0;
    };
  }

  readonly metrics = (): MetricSource[] => [
    {
      name: 'connections',
      help: 'UDP connections with clients and other servers',
      kind: 'gauge',
      read: () => [{ value: this.#connections.size }],
    },
    ...COUNTS.map(
      (count): MetricSource => ({
        ...METRICS[count],
        kind: 'counter',
        read: () => [{ value: this.#sum(count) }],
      }),
    ),
  ];

  #sum(count: Count): number {
    let sum = this.#ended[count];
    for (const { stats } of this.#connections) sum += stats?.[count] ?? 0;
    return sum;
  }
}

function zeros(): Record<Count, number> {
  return Object.fromEntries(COUNTS.map((count) => [count, 0])) as Record<Count, number>;
}
