import { isIPv6 } from 'node:net';

/** An address as it is shown and counted: IPv4 also where a socket of IPv6 took it. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

/** Whether the peer is on this machine, by an address that no packet from elsewhere can have. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** The host of a `Host` header, unless it means this machine alone. */
export function hostIn(header: string | undefined): string | null {
  const host = /^(?:\[([\da-f:.]{2,45})\]|([\w.-]{1,253}))(?::\d{1,5})?$/i.exec(header ?? '');
  const name = host?.[1] ?? host?.[2];
  return name === undefined || isLoopback(name) || /^localhost(\.|$)|\.localhost$/i.test(name) ? null : name;
}

/** Who counts as one stranger: an IPv4 address, or the /64 that one customer has of IPv6. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  const all = [...groups, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
