import { createSocket } from 'node:dgram';
import { isIpv6Text } from '@jetstream/platform';

/** Nothing is sent to it. */
const ANY_PORT = 8886;

/** The address of our own from which the system would send to `address`; undefined: it knows no way there. */
export function localAddressTowards(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIpv6Text(address) ? 'udp6' : 'udp4');
    const end = (found: string | undefined) => {
      socket.close();
      resolve(found);
    };
    socket.once('error', () => end(undefined));
    socket.connect(ANY_PORT, address, (error?: Error) =>
      end(error ? undefined : socket.address().address.split('%', 1)[0]),
    );
  });
}
