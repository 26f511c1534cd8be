import { isIP } from 'node:net';
import { escapeName } from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';

const DEFAULT_PORT = 8886;

/**
 * A host by name or address, with or without `:port` behind it; an IPv6 address stands alone.
 * @param port given beside it
 * @throws JetStreamError `invalid-argument`
 */
export function parseDestinationAddress(text: string, port: number): { address: string; port: number } {
  if (!text.includes(':') || isIP(text) === 6) return { address: text, port };
  const [, address = '', digits = ''] = /^([^:]+):(\d{1,5})$/.exec(text) ?? [];
  const own = Number(digits);
  if (address === '' || own < 1 || own > 65_535) {
    throw refused(
      text,
      'give a host name or address, or either with :PORT; an IPv6 address without brackets',
    );
  }
  if (port !== DEFAULT_PORT && port !== own) throw refused(text, `destinationPort says ${port}`);
  return { address, port: own };
}

function refused(text: string, why: string): JetStreamError {
  return new JetStreamError('invalid-argument', `destinationAddress ${escapeName(text)}: ${why}`, {
    subject: 'destinationAddress',
  });
}
