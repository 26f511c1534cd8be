/**
 * What one machine usually has all addresses of, as a key for counts and limits: an IPv4 address (also one mapped into
 * IPv6) itself, and of an IPv6 address the first four groups, its /64.
 */
export function sourceNetwork(remote: string): string {
  const address = remote.split('%', 1)[0]!.toLowerCase();
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (mapped !== null) return mapped[1]!;
  const [head, tail] = address.split('::', 2);
  const first = head === '' ? [] : head!.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing =
    tail === undefined ? 0 : 8 - first.length - last.length - (last.at(-1)?.includes('.') ? 1 : 0);
  const groups = [...first, ...Array<string>(Math.max(0, missing)).fill('0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
