/** Ethernet's 1,500 bytes less the headers of IPv4 and UDP; the search for a path MTU ends here on a usual path. */
const ETHERNET_DATAGRAM_BYTES = 1472;
/**
 * Measured with `node:dgram`, one process sending to another on two idle cores, Gbit/s received: 1,472 bytes 1.7;
 * 8,192 bytes 5; 16,384 bytes 8–11; 32,768 bytes 19; 65,507 bytes 11–14 with more lost.
 */
export const LOOPBACK_DATAGRAM_BYTES = 32_768;

/** Largest UDP payload worth trying towards this address. */
export function maxDatagramBytesFor(address: string): number {
  return isLoopback(address) ? LOOPBACK_DATAGRAM_BYTES : ETHERNET_DATAGRAM_BYTES;
}

/** 127.0.0.0/8 and ::1, as plain text of an IP address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address);
}
