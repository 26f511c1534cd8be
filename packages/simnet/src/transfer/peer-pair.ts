import type { AeadProvider } from '@jetstream/protocol';
import {
  type BlockPool,
  type CongestionName,
  type Connection,
  type EndpointOptions,
  type PathAddress,
  type RememberedPath,
  TransportEndpoint,
} from '@jetstream/transport';
import type { SeededRandom } from '../random.ts';
import { EndpointApplication } from './endpoint-application.ts';
import type { TransferParty } from './transfer-party.ts';

export interface PeerPairOptions {
  aead: AeadProvider;
  congestion: CongestionName;
  random: SeededRandom;
  serverAddress: PathAddress;
  clientBlockPool: BlockPool;
  serverBlockPool: BlockPool;
  maxReceiveBlocks: number;
  marksEcn: boolean;
  /** What both remember of the path. */
  rememberedPath: RememberedPath | undefined;
  /** undefined: the endpoint's default. */
  keyUpdatePackets: number | undefined;
}

/** Two endpoints, of which the client connects to the server at once. */
export function createPeerPair(options: PeerPairOptions): { client: Peer; server: Peer } {
  const server = new Peer(options, options.serverBlockPool, true);
  const client = new Peer(options, options.clientBlockPool, false);
  client.endpoint.connect(0, options.serverAddress);
  return { client, server };
}

/** One end of a connection to be simulated. */
export class Peer {
  readonly endpoint: TransportEndpoint;
  /** The only connection, as soon as it has told of an event. */
  connection: Connection | undefined;
  /** What it would remember of the path when the connection has ended. */
  pathSeen: RememberedPath | undefined;

  constructor(options: PeerPairOptions, blockPool: BlockPool, acceptIncoming: boolean) {
    const { aead, congestion, random, maxReceiveBlocks, marksEcn, rememberedPath, keyUpdatePackets } =
      options;
    const endpointOptions: EndpointOptions = {
      staticPrivateKey: random.bytes(32),
      aead,
      blockPool,
      randomBytes: (length) => random.bytes(length),
      software: 'simnet',
      acceptIncoming,
      congestion,
      maxReceiveBlocks,
      marksEcn,
      pathMemory: {
        recall: () => rememberedPath,
        remember: (_peer, path) => {
          this.pathSeen = path;
        },
      },
      ...(keyUpdatePackets !== undefined && { keyUpdatePackets }),
    };
    this.endpoint = new TransportEndpoint(endpointOptions);
  }

  /** What hands the connection's events to `party`. */
  application(party: TransferParty): EndpointApplication {
    return new EndpointApplication(this.endpoint, party, (connection) => {
      this.connection = connection;
    });
  }
}
