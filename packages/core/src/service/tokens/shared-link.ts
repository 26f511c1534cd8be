import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { localAddressTowards } from '../../paths/local-address.ts';

/** Port of the URI scheme when none is written. */
const DEFAULT_PORT = 8886;
const ALL_ADDRESSES = ['0.0.0.0', '::'];
/** Kept for documents (RFC 5737, RFC 3849): they are elsewhere, whoever has them. */
const ELSEWHERE = ['192.0.2.1', '2001:db8::1'];

export interface LinkAuthority {
  /** host or host:port by which the server is reached from outside, with the same port number in UDP and TCP. */
  externalAddress: string | undefined;
  /** As `ServerOptions.host`. */
  listensOn: string | undefined;
  /** By which name or address the caller reaches it. */
  reachedAs: string | null;
  /** undefined: there is no API. */
  apiPort: number | undefined;
  udpPort: number;
}

/**
 * `jetstream://HOST[:PORT]/download?token=…`. PORT is that of the API, as the scheme has it; where UDP has another number, `udpPort` tells it.
 */
export async function sharedLink(secret: string, authority: LinkAuthority): Promise<string> {
  const { externalAddress, apiPort, udpPort } = authority;
  const port = apiPort ?? udpPort;
  const own = async () => `${bracketed(await linkHost(authority))}${port === DEFAULT_PORT ? '' : `:${port}`}`;
  const other = externalAddress === undefined && port !== udpPort ? `&udpPort=${udpPort}` : '';
  return `jetstream://${externalAddress ?? (await own())}/download?token=${encodeURIComponent(secret)}${other}`;
}

/**
 * What others have the best chance with: the address that the server is bound to; what the caller had it with, unless he is on this machine;
 * the name of this machine with its domain, which a bare one in other networks has not; the address that it has towards elsewhere.
 */
async function linkHost({ reachedAs, listensOn }: LinkAuthority): Promise<string> {
  if (listensOn !== undefined && !ALL_ADDRESSES.includes(listensOn)) return listensOn;
  if (reachedAs !== null) return reachedAs;
  const name = hostname();
  if (name.includes('.') && !name.startsWith('localhost')) return name;
  for (const address of ELSEWHERE) {
    const own = await localAddressTowards(address);
    if (own !== undefined) return own;
  }
  return name;
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
