import { MIN_DATAGRAM_BYTES } from '@jetstream/protocol';
import type { ConnectionMemory } from '@jetstream/transport/testing';
import type { Scenario, ScenarioBounds } from './scenario.ts';
import { type FlowReport, jainIndex, type ScenarioReport } from './transfer/transfer-report.ts';

/** Windows' worth of packets that a ring of sent packets may hold: rings double, and lost packets stay for three round trips. */
const MEMORY_WINDOWS = 8;
const MIN_MEMORY_PACKETS = 1_024;

/** What a run broke of its scenario's bounds, and of what every run must keep. Empty: nothing. */
export function reportProblems(scenario: Scenario, report: ScenarioReport): string[] {
  const { bounds } = scenario;
  const problems: string[] = [];
  if (report.failure !== undefined) problems.push(report.failure);
  else if (report.end !== 'over') problems.push(`the run ended by ${report.end}, not with both sides closed`);
  report.flows.forEach((flow, index) => {
    for (const problem of flowProblems(bounds, flow)) problems.push(`flow ${index}: ${problem}`);
  });
  if (report.idleTimers > 1000 + report.events / 10) {
    problems.push(`${report.idleTimers} timers of ${report.events} events fired for nothing`);
  }
  if (bounds.queueTimeP95Us !== undefined) {
    const queueUs = report.forward.queueTimeUs.quantile(0.95, bounds.steadyFromUs ?? 0);
    if (queueUs > bounds.queueTimeP95Us) {
      problems.push(`queue p95 ${inMs(queueUs)}, bound ${inMs(bounds.queueTimeP95Us)}`);
    }
  }
  if (bounds.queueTimeMaxUs !== undefined) {
    const queueUs = report.forward.queueTimeUs.maximum;
    if (queueUs > bounds.queueTimeMaxUs) {
      problems.push(`longest queue ${inMs(queueUs)}, bound ${inMs(bounds.queueTimeMaxUs)}`);
    }
  }
  if (bounds.fairness !== undefined) {
    const { fromUs, untilUs, jain } = bounds.fairness;
    const shares = report.flows.map(({ trace }) => trace.ackedBy(untilUs) - trace.ackedBy(fromUs));
    if (!(jainIndex(shares) >= jain)) {
      problems.push(
        `Jain index ${jainIndex(shares).toFixed(3)} of ${shares.join(', ')} bytes, bound ${jain}`,
      );
    }
  }
  if (bounds.shares !== undefined) {
    const { fromUs, untilUs, ofFlows } = bounds.shares;
    const acked = report.flows.map(({ trace }) => trace.ackedBy(untilUs) - trace.ackedBy(fromUs));
    const total = acked.reduce((sum, bytes) => sum + bytes, 0);
    for (const { flow, least, most } of ofFlows) {
      const share = acked[flow]! / total;
      if (!(share >= least && share <= most))
        problems.push(`flow ${flow} had ${share.toFixed(3)} of it, bounds ${least} to ${most}`);
    }
  }
  return problems;
}

function flowProblems(bounds: ScenarioBounds, flow: FlowReport): string[] {
  const problems: string[] = [];
  const atMost = (name: string, value: number, bound: number | undefined): void => {
    if (bound !== undefined && !(value <= bound))
      problems.push(`${name} ${value.toFixed(4)}, bound ${bound.toFixed(4)}`);
  };
  problems.push(...memoryProblems(flow));
  if (flow.blocksInUse !== 0) problems.push(`${flow.blocksInUse} blocks were not given back`);
  if (bounds.mayEndBy !== undefined && flow.durationUs === Number.POSITIVE_INFINITY) {
    for (const closed of [flow.senderClosed, flow.receiverClosed]) {
      const inTime = (closed?.atUs ?? Number.POSITIVE_INFINITY) <= flow.startUs + bounds.completionUs;
      if (closed === undefined || !inTime || !bounds.mayEndBy.includes(closed.code))
        problems.push(`ended with ${JSON.stringify(closed)}, may end by ${bounds.mayEndBy.join(', ')}`);
    }
    return problems;
  }
  if (!(flow.durationUs <= bounds.completionUs)) {
    problems.push(
      `took ${inMs(flow.durationUs)} (${flow.verifiedBytes} of ${flow.contentBytes} bytes), bound ${inMs(bounds.completionUs)}`,
    );
  }
  atMost('time to a connection (µs)', flow.establishedUs, bounds.establishedUs);
  atMost('resent share', flow.resentShare, bounds.resentShare);
  atMost('redundant share', flow.redundantShare, bounds.redundantShare);
  if (bounds.steadyBytesPerSecond !== undefined) {
    const rate = steadyRate(flow, bounds.steadyFromUs ?? 0);
    if (!(rate >= bounds.steadyBytesPerSecond)) {
      problems.push(`${Math.round(rate)} bytes/s, bound ${Math.round(bounds.steadyBytesPerSecond)}`);
    }
  }
  const { mainLimiter, limiterUs } = flow.trace;
  if (bounds.limiter !== undefined && mainLimiter !== bounds.limiter) {
    problems.push(`held mostly by "${mainLimiter}", not by "${bounds.limiter}"`);
  }
  for (const limiter of bounds.neverHeldBy ?? []) {
    if (limiterUs.has(limiter)) problems.push(`held by "${limiter}" for ${inMs(limiterUs.get(limiter)!)}`);
  }
  if (flow.senderClosed?.code !== 'none' || flow.senderClosed.byPeer) {
    problems.push(`sender closed ${JSON.stringify(flow.senderClosed)}`);
  }
  if (!isOrderly(flow)) problems.push(`receiver closed ${JSON.stringify(flow.receiverClosed)}`);
  return problems;
}

/** What a connection remembers of what it sent is bounded by what its window let it send in a few round trips. */
function memoryProblems({ peakMemory, trace }: FlowReport): string[] {
  const windowPackets = Math.max(0, trace.windowBytes.maximum) / MIN_DATAGRAM_BYTES;
  const bounds: ConnectionMemory = {
    sentPackets: MEMORY_WINDOWS * windowPackets + MIN_MEMORY_PACKETS,
    sentContent: 2 * (MEMORY_WINDOWS * windowPackets + MIN_MEMORY_PACKETS),
  };
  return (Object.keys(bounds) as (keyof ConnectionMemory)[])
    .filter((what) => !(peakMemory[what] <= bounds[what]))
    .map((what) => `memory: ${peakMemory[what]} ${what}, bound ${Math.round(bounds[what])}`);
}

/** By the peer's CLOSE; or by silence, for a CLOSE can be lost when nobody has anything to say any more. */
function isOrderly(flow: FlowReport): boolean {
  const { receiverClosed } = flow;
  if (receiverClosed?.byPeer) return receiverClosed.code === 'none';
  return receiverClosed?.code === 'connection-lost' && flow.verifiedBytes === flow.contentBytes;
}

/** Content bytes per second acknowledged between a time after the flow's start and its completion. */
export function steadyRate(flow: FlowReport, fromUs: number): number {
  const beginUs = flow.startUs + fromUs;
  const endUs = flow.startUs + flow.durationUs;
  return ((flow.contentBytes - flow.trace.ackedBy(beginUs)) / (endUs - beginUs)) * 1e6;
}

function inMs(us: number): string {
  return `${(us / 1000).toFixed(1)} ms`;
}
