import { randomBytes } from 'node:crypto';
import { fastestCopy } from '@jetstream/platform';
import type { AeadProvider } from '@jetstream/protocol';
import { TransportEndpoint } from '@jetstream/transport';
import { HELD_BLOCKS, SharedPool } from './bulk-applications.ts';

export interface EndpointChoice {
  aead: AeadProvider;
  acceptIncoming: boolean;
  /** Default 1,472. */
  maxDatagramBytes?: number;
}

/** An endpoint as a lane makes it. */
export function makeEndpoint(choice: EndpointChoice): TransportEndpoint {
  return new TransportEndpoint({
    staticPrivateKey: randomBytes(32),
    blockPool: new SharedPool(),
    randomBytes,
    copyBytes: fastestCopy(),
    software: 'packet-cost',
    maxReceiveBlocks: HELD_BLOCKS,
    ...choice,
  });
}
