import type { DatagramPath, DatagramPathOptions } from './contract.ts';
import { openPortableDatagramPath } from './portable.ts';

/**
 * Opens a UDP socket as the fastest datagram path of this machine; today that is the portable one everywhere.
 * @throws JetStreamError `address-in-use`, `permission-denied`, `invalid-argument` when the port cannot be had
 */
export function openDatagramPath(options: DatagramPathOptions): Promise<DatagramPath> {
  return openPortableDatagramPath(options);
}
