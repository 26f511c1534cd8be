import { lookup } from 'node:dns/promises';
import { isIP, SocketAddress } from 'node:net';
import { JetStreamError } from '@jetstream/protocol';

const MAX_ADDRESSES = 8;

/**
 * Addresses of a host, in the order the system prefers.
 * @throws JetStreamError `host-unresolved`
 */
export async function resolveHost(host: string): Promise<string[]> {
  const version = isIP(host);
  // In the form the system gives back: the transport compares addresses as text.
  if (version === 6) return [new SocketAddress({ address: host, family: 'ipv6' }).address];
  if (version === 4) return [host];
  try {
    const found = await lookup(host, { all: true, order: 'verbatim' });
    return [...new Set(found.map(({ address }) => address))].slice(0, MAX_ADDRESSES);
  } catch (cause) {
    throw new JetStreamError(
      'host-unresolved',
      `cannot find an address for host ${host}: check its name, or give its IP address`,
      {
        subject: host,
        cause,
      },
    );
  }
}
