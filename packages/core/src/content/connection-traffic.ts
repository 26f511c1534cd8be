import type { ConnectionStats } from '@jetstream/transport';
import type { TransferTraffic } from '../contract.ts';

export const NO_TRAFFIC: Readonly<TransferTraffic> = {
  bytesSent: 0,
  bytesReceived: 0,
  packetsSent: 0,
  packetsReceived: 0,
  contentBytesSent: 0,
  contentBytesResent: 0,
};
const COUNTS = Object.keys(NO_TRAFFIC) as (keyof TransferTraffic)[];

/** A connection, as far as it matters here. */
export interface TellsStats {
  readonly stats: Readonly<ConnectionStats> | undefined;
}

interface Share {
  /** What is counted up. */
  readonly traffic: TransferTraffic;
  /** Content that the receiver has, so far. */
  readonly ackedBytes: () => number;
  ackedBefore: number;
}

/**
 * What goes over one connection, told by transfer: the transport counts for the connection as a whole, and what is new is divided
 * among those who share it by the content that each has brought over meanwhile. Together they are exact.
 */
export class ConnectionTraffic {
  readonly #connection: TellsStats;
  readonly #shares = new Set<Share>();
  #told: TransferTraffic = { ...NO_TRAFFIC };

  constructor(connection: TellsStats) {
    this.#connection = connection;
  }

  /** @param traffic counted up from now on, whenever anybody observes @returns ends that */
  join(traffic: TransferTraffic, ackedBytes: () => number): () => void {
    this.observe();
    const share = { traffic, ackedBytes, ackedBefore: ackedBytes() };
    this.#shares.add(share);
    return () => {
      this.observe();
      this.#shares.delete(share);
    };
  }

  /** Divides what went over the connection since the last time. */
  observe(): void {
    const { stats } = this.#connection;
    if (stats === undefined || this.#shares.size === 0) return;
    const now = countsOf(stats);
    const weights = [...this.#shares].map((share) => {
      const acked = share.ackedBytes();
      // Whoever brings nothing over has some part in what is said all the same.
      const weight = Math.max(0, acked - share.ackedBefore) + 1;
      share.ackedBefore = acked;
      return { share, weight };
    });
    let left = weights.reduce((sum, { weight }) => sum + weight, 0);
    const rest = { ...NO_TRAFFIC };
    for (const count of COUNTS) rest[count] = Math.max(0, now[count] - this.#told[count]);
    for (const { share, weight } of weights) {
      for (const count of COUNTS) {
        const part = Math.round((rest[count] * weight) / left);
        share.traffic[count] += part;
        rest[count] -= part;
      }
      left -= weight;
    }
    this.#told = now;
  }
}

function countsOf(stats: Readonly<ConnectionStats>): TransferTraffic {
  const { bytesSent, bytesReceived, packetsSent, packetsReceived, bulkBytesSent, bulkBytesResent } = stats;
  return {
    bytesSent,
    bytesReceived,
    packetsSent,
    packetsReceived,
    contentBytesSent: bulkBytesSent,
    contentBytesResent: bulkBytesResent,
  };
}
