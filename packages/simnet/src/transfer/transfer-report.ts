import type { ConnectionStats, RememberedPath } from '@jetstream/transport';
import type { ConnectionMemory } from '@jetstream/transport/testing';
import type { Link } from '../link.ts';
import type { RunEnd } from '../simulation.ts';
import type { FlowTrace } from './flow-trace.ts';
import type { TransferFlow } from './transfer-flow.ts';
import type { ClosedHow } from './transfer-party.ts';

/** What came of a scenario. */
export interface ScenarioReport {
  scenario: string;
  seed: number;
  end: RunEnd;
  /** What a party, a connection's figures or the connection itself found wrong; the run stopped there. */
  failure: string | undefined;
  virtualUs: number;
  events: number;
  /** Timers that fired for nothing. */
  idleTimers: number;
  forward: Link;
  backward: Link;
  flows: readonly FlowReport[];
}

export interface FlowReport {
  contentBytes: number;
  establishedUs: number;
  startUs: number;
  /** Infinity: it did not complete. */
  durationUs: number;
  goodputBytesPerSecond: number;
  verifiedBytes: number;
  /** Content bytes sent again, and those of them that the network had not lost, in units of the content. */
  resentShare: number;
  redundantShare: number;
  senderClosed: ClosedHow | undefined;
  receiverClosed: ClosedHow | undefined;
  blocksInUse: number;
  stats: Readonly<ConnectionStats> | undefined;
  /** What the sender would remember of the path. */
  pathSeen: RememberedPath | undefined;
  trace: FlowTrace;
  /** The most of each that either side held. */
  peakMemory: Readonly<ConnectionMemory>;
}

/** @param unroutable datagrams of the sender that got to the end of the link and found nobody there */
export function describeFlow(flow: TransferFlow, forward: Link, unroutable: number): FlowReport {
  const stats = flow.senderStats();
  const sentBytes = stats === undefined ? 0 : stats.bulkBytesSent + stats.bulkBytesResent;
  const { offered, delivered } = forward.counters;
  return {
    contentBytes: flow.contentBytes,
    establishedUs: flow.establishedUs,
    startUs: flow.startUs,
    durationUs: flow.durationUs,
    goodputBytesPerSecond: (flow.contentBytes / flow.durationUs) * 1e6,
    verifiedBytes: flow.receiver.verifiedBytes,
    resentShare: sentBytes / flow.contentBytes - 1,
    redundantShare: (sentBytes * ((delivered - unroutable) / offered)) / flow.contentBytes - 1,
    senderClosed: flow.sender.closed,
    receiverClosed: flow.receiver.closed,
    blocksInUse: flow.blocksInUse,
    stats: stats === undefined ? undefined : { ...stats },
    pathSeen: flow.pathSeen,
    trace: flow.trace,
    peakMemory: flow.peakMemory,
  };
}

/** Jain's index: 1 when all have the same, 1/n when one has everything (Jain, Chiu, Hawe 1984). */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares);
}
