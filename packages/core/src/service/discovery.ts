import type { ApiHandlers } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';

/**
 * Commands of the interface that this server does not carry out: a receive port passes on nothing that is not sealed (DG-1), so
 * strangers have no way to make it tell anybody anything. docs/API.md says more.
 */
export const discoveryCommands = {
  sendDiscoverPacketAsync: refuse,
  recvDiscoverPacketAsync: refuse,
} satisfies Partial<ApiHandlers>;

function refuse(): never {
  throw new JetStreamError(
    'invalid-argument',
    'this server neither sends nor takes discover packets: open the UDP port of the receiver (--recv-port) inwards instead',
    { subject: 'DiscoverPacket' },
  );
}
