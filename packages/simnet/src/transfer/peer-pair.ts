import type { BlockPool, CongestionName, Connection, PathAddress } from '@jetstream/transport';
import type { DatagramHost, HostApplication } from '../datagram-host.ts';
import type { SeededRandom } from '../random.ts';
import type { TransferParty } from './transfer-party.ts';

/** One end of a connection to be simulated. */
export interface Peer {
  readonly host: DatagramHost;
  /** Makes the application that hands the connection's events to `party`. */
  application(party: TransferParty): HostApplication;
  /** The connection, as soon as there is one. */
  connection(): Connection | undefined;
}

export interface PeerPairOptions {
  congestion: CongestionName;
  random: SeededRandom;
  clientAddress: PathAddress;
  serverAddress: PathAddress;
  clientBlockPool: BlockPool;
  serverBlockPool: BlockPool;
  maxReceiveBlocks: number;
  keyUpdatePackets: number | undefined;
}

export interface PeerPair {
  readonly client: Peer;
  readonly server: Peer;
}

/** Makes both ends; how is the caller's business, so that this package needs no keys and no AEAD. */
export type PeerPairFactory = (options: PeerPairOptions) => PeerPair;
