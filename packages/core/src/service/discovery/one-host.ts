import { BlockList, isIP } from 'node:net';

/** Addresses of nobody or of many (RFC 6890): unspecified, multicast, broadcast and reserved; of IPv4 also as `::ffff:…`. */
const NO_HOSTS = new BlockList();
NO_HOSTS.addSubnet('0.0.0.0', 8, 'ipv4');
NO_HOSTS.addSubnet('224.0.0.0', 3, 'ipv4');
NO_HOSTS.addAddress('::', 'ipv6');
NO_HOSTS.addSubnet('ff00::', 8, 'ipv6');

/** Whether an IP address is that of one host. Broadcast to a subnet, which no address shows, the system refuses. */
export function isOneHost(address: string): boolean {
  return !NO_HOSTS.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
