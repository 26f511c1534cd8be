import { usageError } from '../usage-error.ts';

/** The server that is told to copy. */
export interface ViaHost {
  /** undefined: who runs jscp. */
  user: string | undefined;
  host: string;
  /** TCP port of its API. */
  port: number;
}

const DEFAULT_PORT = 8_886;
/** The user may hold `@`, so the last one counts; an IPv6 address stands in brackets where a port follows, or alone. */
const VIA =
  /^(?:(?<user>.*)@)?(?:\[(?<bracketed>[0-9a-f:.]+(?:%[\w.-]+)?)\](?::(?<port6>\d*))?|(?<bare6>[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(?:%[\w.-]+)?)|(?<plain>[^:@[\]/]+)(?::(?<port>\d*))?)$/is;

/**
 * Reads `[user@]host[:port]`.
 * @throws JetStreamError `invalid-argument`
 */
export function parseViaHost(text: string): ViaHost {
  const groups = VIA.exec(text)?.groups;
  const host = groups?.bracketed ?? groups?.bare6 ?? groups?.plain;
  if (!groups || !host || groups.user === '') {
    throw usageError(`--via ${text}: write [user@]host, or [user@]host:port with the port of its API`);
  }
  const digits = groups.port6 ?? groups.port;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (digits === '' || port < 1 || port > 65_535) {
    throw usageError(`--via ${text}: a port is a number from 1 to 65535`);
  }
  return { user: groups.user, host, port };
}
