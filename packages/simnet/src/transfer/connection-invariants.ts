import type { ConnectionStats } from '@jetstream/transport';

const FINITE = [
  'smoothedRttUs',
  'minRttUs',
  'latestRttUs',
  'bytesSent',
  'bytesReceived',
  'packetsSent',
  'packetsReceived',
  'packetsLost',
  'packetsSpuriouslyLost',
  'bulkBytesSent',
  'bulkBytesResent',
  'bulkBytesAcked',
  'bytesInFlight',
  'windowBytes',
  'pacingRate',
  'deliveryRate',
  'datagramBytes',
  'forgedPackets',
] as const satisfies readonly (keyof ConnectionStats)[];

/**
 * What holds for a connection at any moment.
 * @param contentBytes all that it will ever send for the first time
 * @throws Error that names the figure
 */
export function checkConnection(stats: Readonly<ConnectionStats>, contentBytes: number): void {
  for (const name of FINITE) {
    if (!(stats[name] >= 0 && stats[name] < Number.POSITIVE_INFINITY))
      throw broken(stats, `${name} is ${stats[name]}`);
  }
  if (stats.windowBytes < 2 * stats.datagramBytes)
    throw broken(stats, 'the window holds less than two datagrams');
  if (stats.pacingRate <= 0) throw broken(stats, 'the pacing rate is not above 0');
  if (stats.bulkBytesAcked > stats.bulkBytesSent) throw broken(stats, 'more was acknowledged than sent');
  if (stats.bulkBytesSent > contentBytes)
    throw broken(stats, 'more was sent for the first time than there is');
  if (stats.bytesInFlight > stats.bytesSent) throw broken(stats, 'more is in flight than was sent');
  if (stats.packetsSpuriouslyLost > stats.packetsLost)
    throw broken(stats, 'more was lost in error than lost');
}

function broken(stats: Readonly<ConnectionStats>, what: string): Error {
  return new Error(`${what} (${JSON.stringify(stats)})`);
}
