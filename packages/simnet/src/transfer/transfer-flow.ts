import { type AeadProvider, Ecn } from '@jetstream/protocol';
import type { PathAddress, RememberedPath } from '@jetstream/transport';
import { type ConnectionMemory, checkCongestionState, readMemory } from '@jetstream/transport/testing';
import type { FlowOptions, Scenario } from '../scenario.ts';
import type { Simulation } from '../simulation.ts';
import { BlockMemory } from './block-memory.ts';
import { BulkContent } from './bulk-content.ts';
import { BulkReceiver } from './bulk-receiver.ts';
import { BulkSender } from './bulk-sender.ts';
import { checkConnection } from './connection-invariants.ts';
import { FlowTrace } from './flow-trace.ts';
import { createPeerPair, type Peer } from './peer-pair.ts';
import { DEFAULT_RECEIVE_BLOCKS } from './transfer-party.ts';

/** One transfer between a client and a server of its own, put into a simulation. */
export class TransferFlow {
  readonly options: FlowOptions;
  readonly sender: BulkSender;
  readonly receiver: BulkReceiver;
  readonly trace = new FlowTrace();
  /** The most of each that either side held after an event. */
  readonly peakMemory: ConnectionMemory = { sentPackets: 0, sentContent: 0 };
  readonly #memory: ConnectionMemory = { ...this.peakMemory };
  readonly #earliestStartUs: number;
  readonly senderHost: number;
  readonly receiverHost: number;
  readonly contentBytes: number;
  readonly #sendingPeer: Peer;
  readonly #receivingPeer: Peer;
  readonly #memories: readonly BlockMemory[];
  readonly #maxFirstSentBytes: number;

  /** @param index tells the flows of a scenario apart: each has its own addresses, content and randomness */
  constructor(simulation: Simulation, scenario: Scenario, index: number, seed: number, aead: AeadProvider) {
    const flow = scenario.flows[index]!;
    const transfer = { ...flow.transfer, seed: seed + index };
    const content = new BulkContent(transfer.seed, transfer.bytes, transfer.partialBlocks);
    const clientAddress: PathAddress = { address: `198.51.100.${index + 1}`, port: 40_000 };
    const serverAddress: PathAddress = { address: `203.0.113.${index + 1}`, port: 8886 };
    const maxReceiveBlocks = transfer.maxReceiveBlocks ?? DEFAULT_RECEIVE_BLOCKS;
    const clientMemory = new BlockMemory(2 * maxReceiveBlocks);
    const serverMemory = new BlockMemory(2 * maxReceiveBlocks);
    const pair = createPeerPair({
      aead,
      congestion: flow.congestion ?? 'bbr',
      random: simulation.random.derive(`pair ${index}`),
      serverAddress,
      clientBlockPool: clientMemory,
      serverBlockPool: serverMemory,
      maxReceiveBlocks,
      marksEcn: scenario.marksEcn ?? false,
      rememberedPath: flow.rememberedPath,
      keyUpdatePackets: scenario.keyUpdatePackets,
    });
    const isUpload = flow.direction !== 'download';
    this.options = flow;
    this.#earliestStartUs = transfer.startUs ?? 0;
    this.contentBytes = transfer.bytes;
    this.#memories = [clientMemory, serverMemory];
    this.#maxFirstSentBytes = transfer.bytes * (transfer.badBlockShare === undefined ? 1 : 2);
    this.sender = new BulkSender(content, transfer, (timeUs, act) =>
      simulation.at(this.senderHost, timeUs, act),
    );
    this.receiver = new BulkReceiver(content, transfer, (timeUs, act) =>
      simulation.at(this.receiverHost, timeUs, act),
    );
    this.#sendingPeer = isUpload ? pair.client : pair.server;
    this.#receivingPeer = isUpload ? pair.server : pair.client;
    const { timerLatenessUs = 0, receiveLatenessUs } = scenario;
    const ecn = scenario.marksEcn === true ? Ecn.Ect0 : Ecn.NotCapable;
    const client = simulation.addHost({
      name: `client ${index}`,
      host: pair.client.endpoint,
      application: pair.client.application(isUpload ? this.sender : this.receiver),
      address: clientAddress,
      ecn,
      timerLatenessUs,
      ...(receiveLatenessUs !== undefined && { receiveLatenessUs }),
    });
    const server = simulation.addHost({
      name: `server ${index}`,
      host: pair.server.endpoint,
      application: pair.server.application(isUpload ? this.receiver : this.sender),
      address: serverAddress,
      ecn,
      timerLatenessUs,
      ...(receiveLatenessUs !== undefined && { receiveLatenessUs }),
    });
    const onEstablished = (): void => {
      if (this.establishedUs === Number.POSITIVE_INFINITY) return;
      for (const { afterUs, address } of flow.clientRebindings ?? []) {
        simulation.rebind(client, simulation.nowUs + afterUs, address);
      }
      for (const { afterUs, policy } of transfer.ratePolicySteps ?? []) {
        simulation.at(this.senderHost, simulation.nowUs + afterUs, () =>
          this.sender.connection?.setRatePolicy(simulation.nowUs, policy),
        );
      }
      for (const { side, afterUs, forUs } of flow.stops ?? []) {
        const fromUs = simulation.nowUs + afterUs;
        simulation.stop(side === 'sender' ? this.senderHost : this.receiverHost, fromUs, fromUs + forUs);
      }
    };
    this.sender.onEstablished = onEstablished;
    this.receiver.onEstablished = onEstablished;
    this.senderHost = isUpload ? client : server;
    this.receiverHost = isUpload ? server : client;
    simulation.at(this.senderHost, this.#earliestStartUs, () => {});
  }

  get isOver(): boolean {
    return this.sender.closed !== undefined && this.receiver.closed !== undefined;
  }

  /** When both sides had a connection; Infinity: never. */
  get establishedUs(): number {
    const never = Number.POSITIVE_INFINITY;
    return Math.max(this.sender.establishedUs ?? never, this.receiver.establishedUs ?? never);
  }

  /** The start that was asked for, or when the connection allowed it. */
  get startUs(): number {
    return Math.max(this.#earliestStartUs, this.sender.establishedUs ?? 0);
  }

  /** From the start of the transfer to the last block verified at the receiver; Infinity when it did not get there. */
  get durationUs(): number {
    return (this.receiver.completedUs ?? Number.POSITIVE_INFINITY) - this.startUs;
  }

  get blocksInUse(): number {
    return this.#memories.reduce((sum, memory) => sum + memory.inUse, 0);
  }

  /** Records the sender's state. */
  sample(nowUs: number): void {
    const connection = this.#sendingPeer.connection;
    if (connection !== undefined && !this.isOver) this.trace.sample(nowUs, connection.stats());
  }

  /** @throws Error when a connection's figures cannot be */
  check(host: number): void {
    const peer = host === this.senderHost ? this.#sendingPeer : this.#receivingPeer;
    const connection = peer.connection;
    if (connection === undefined) return;
    checkConnection(connection.stats(), host === this.senderHost ? this.#maxFirstSentBytes : 0);
    checkCongestionState(connection);
    readMemory(connection, this.#memory);
    const { peakMemory } = this;
    peakMemory.sentPackets = Math.max(peakMemory.sentPackets, this.#memory.sentPackets);
    peakMemory.sentContent = Math.max(peakMemory.sentContent, this.#memory.sentContent);
  }

  get pathSeen(): RememberedPath | undefined {
    return this.#sendingPeer.pathSeen;
  }

  senderStats() {
    return this.#sendingPeer.connection?.stats();
  }
}
