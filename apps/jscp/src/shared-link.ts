import { JetStreamError } from '@jetstream/protocol';

/** What a shared link says: `jetstream://HOST[:PORT]/download?token=…`. */
export interface SharedLink {
  host: string;
  /** UDP; undefined: the default. */
  port: number | undefined;
  token: string;
}

const MAX_TOKEN_BYTES = 256;

export function isLink(text: string): boolean {
  return /^jetstream:\/\//i.test(text);
}

/**
 * The port is that of the server's API, which is the same number as its UDP port unless `udpPort` in the query says another.
 * @throws JetStreamError `invalid-argument`, without the link: it is a secret
 */
export function parseSharedLink(text: string): SharedLink {
  const url = URL.parse?.(text) ?? parsed(text);
  if (url === null) throw unusable('it is no URI');
  const action = url.pathname.replace(/^\/+|\/+$/g, '');
  if (action !== 'download') throw unusable(`jscp knows the action "download", not "${action.slice(0, 40)}"`);
  const token = url.searchParams.get('token') ?? '';
  if (token === '' || Buffer.byteLength(token) > MAX_TOKEN_BYTES) throw unusable('it has no token');
  const host = decodeHost(url.hostname);
  if (host === '') throw unusable('it names no host');
  const port = url.searchParams.get('udpPort') ?? url.port;
  return { host, port: port === '' ? undefined : readPort(port), token };
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function decodeHost(host: string): string {
  try {
    return decodeURIComponent(host).replace(/^\[|\]$/g, '');
  } catch {
    throw unusable('its host cannot be read');
  }
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw unusable('a port is a number from 1 to 65535');
  return port;
}

function unusable(why: string): JetStreamError {
  return new JetStreamError(
    'invalid-argument',
    `cannot use the link: ${why}; it looks like jetstream://HOST/download?token=…`,
  );
}
