import { hostname } from 'node:os';

/** Port of the URI scheme when none is written. */
const DEFAULT_PORT = 8886;

export interface LinkAuthority {
  /** host or host:port by which the server is reached from outside, with the same port number in UDP and TCP; default: this machine's name. */
  externalAddress: string | undefined;
  /** undefined: there is no API. */
  apiPort: number | undefined;
  udpPort: number;
}

/**
 * `jetstream://HOST[:PORT]/download?token=…`. PORT is that of the API, as the scheme has it; where UDP has another number, `udpPort` tells it.
 */
export function sharedLink(secret: string, { externalAddress, apiPort, udpPort }: LinkAuthority): string {
  const port = apiPort ?? udpPort;
  const own = port === DEFAULT_PORT ? hostname() : `${hostname()}:${port}`;
  const other = externalAddress === undefined && port !== udpPort ? `&udpPort=${udpPort}` : '';
  return `jetstream://${externalAddress ?? own}/download?token=${encodeURIComponent(secret)}${other}`;
}
