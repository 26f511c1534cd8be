import { randomBytes } from 'node:crypto';
import { aeadProvider, fastestCopy } from '@jetstream/platform';
import { type EndpointOptions, TransportEndpoint } from '@jetstream/transport';
import { HELD_BLOCKS, SharedPool } from './bulk-applications.ts';

/** An endpoint as a lane makes it, but for `options`. */
export function makeEndpoint(options: Partial<EndpointOptions>): TransportEndpoint {
  return new TransportEndpoint({
    staticPrivateKey: randomBytes(32),
    aead: aeadProvider(),
    copyBytes: fastestCopy(),
    blockPool: new SharedPool(),
    randomBytes,
    software: 'packet-cost',
    maxReceiveBlocks: HELD_BLOCKS,
    acceptIncoming: false,
    ...options,
  });
}
