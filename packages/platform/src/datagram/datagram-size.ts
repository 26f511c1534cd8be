import { MIN_DATAGRAM_BYTES } from '@jetstream/protocol';
import { isIpv6Text } from './ip-version.ts';

export const ETHERNET_MTU = 1500;
const IPV4_UDP_HEADER_BYTES = 28;
const IPV6_UDP_HEADER_BYTES = 48;
/**
 * Measured with `node:dgram`, one process sending to another on two idle cores, Gbit/s received: 1,472 bytes 1.7;
 * 8,192 bytes 5; 16,384 bytes 8–11; 32,768 bytes 19; 65,507 bytes 11–14 with more lost. By the native socket with encryption the
 * CPU time per byte is about the same from 16 KiB upward.
 */
export const LOOPBACK_DATAGRAM_BYTES = 32_768;

/**
 * Largest UDP payload worth trying towards this address.
 * @param interfaceMtu of the interfaces that a datagram may leave by
 */
export function maxDatagramBytesFor(address: string, interfaceMtu: number = ETHERNET_MTU): number {
  if (isLoopback(address)) return LOOPBACK_DATAGRAM_BYTES;
  const headerBytes = isIpv6Text(address) ? IPV6_UDP_HEADER_BYTES : IPV4_UDP_HEADER_BYTES;
  return Math.min(Math.max(interfaceMtu - headerBytes, MIN_DATAGRAM_BYTES), LOOPBACK_DATAGRAM_BYTES);
}

/** 127.0.0.0/8, also mapped into IPv6, and ::1, as plain text of an IP address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}
