import { describe, expect, it } from 'vitest';
import type { AckSample, LossSample } from '../controller.ts';
import { type PathOptions, type PathSimulation, simulatePath } from '../testing/path.ts';
import type { Bbr } from './bbr.ts';
import { EXTRA_ACKED_FILTER_LEN } from './parameters.ts';
import type { BbrState, Phase } from './state.ts';

// The example test cases at the end of draft-ietf-ccwg-bbr, as far as they concern the controller, in its order.

interface BbrPath extends PathSimulation {
  state: BbrState;
  /** Runs until a phase is entered. @returns the time in seconds, or Infinity when it is not */
  runUntil(phase: Phase, limitSeconds?: number): number;
  runWhile(phase: Phase, limitSeconds?: number): number;
}

function bbrPath(options: Partial<PathOptions> = {}): BbrPath {
  const path = simulatePath({ mbitPerSecond: 20, rttMs: 50, ...options });
  const { simulation } = path;
  const { state } = path.sender.controller as Bbr;
  const runTo = (reached: () => boolean, limitSeconds: number): number => {
    const limitUs = simulation.nowUs + limitSeconds * 1e6;
    while (!reached() && simulation.nowUs < limitUs) simulation.run(simulation.nowUs + 500);
    return reached() ? simulation.nowUs / 1e6 : Number.POSITIVE_INFINITY;
  };
  return {
    ...path,
    state,
    runUntil: (phase, limitSeconds = 30) => runTo(() => state.phase === phase, limitSeconds),
    runWhile: (phase, limitSeconds = 30) => runTo(() => state.phase !== phase, limitSeconds),
  };
}

/** An application that produces at a rate, and from some time on without end. */
const producing = (mbitPerSecond: number, untilSeconds = Number.POSITIVE_INFINITY) => ({
  sender: () => ({
    producedBytes: (nowUs: number) => (nowUs < untilSeconds * 1e6 ? (nowUs * mbitPerSecond) / 8 : 1e15),
  }),
});

describe('Bbr', () => {
  it('exits Startup on a bandwidth plateau with the link within 2 %', () => {
    const path = bbrPath({ bufferBdp: 4 });
    path.runWhile('startup');
    expect(path.state).toMatchObject({
      phase: 'drain',
      fullBwReached: true,
      fullBwNow: true,
      fullBwCount: 3,
    });
    expect(Math.abs(path.state.maxBw / path.bytesPerSecond - 1)).toBeLessThan(0.02);
  });

  it('exits Startup on heavy loss though application-limited', () => {
    const path = bbrPath({ ...producing(5), loss: 0.3 });
    path.runWhile('startup', 10);
    expect(path.state.fullBwReached).toBe(true);
  });

  it('does not exit Startup on random loss without a queue, which is our change to the draft', () => {
    const path = bbrPath({ ...producing(5), loss: 0.05 });
    expect(path.runWhile('startup', 10)).toBe(Number.POSITIVE_INFINITY);
  });

  it('exits Drain when no more than the BDP is in flight', () => {
    const path = bbrPath();
    path.runUntil('drain');
    expect(path.state.pacingGain).toBe(0.5);
    expect(path.sender.bytesInFlight).toBeGreaterThan(1.5 * path.bdpBytes);
    path.runWhile('drain');
    expect(path.state.phase).toMatch(/^probe-bw-(down|cruise)$/);
    expect(path.sender.bytesInFlight).toBeLessThan(1.05 * path.bdpBytes);
  });

  it('exits Drain after three rounds when the rate was overestimated', () => {
    const path = bbrPath({ bufferBdp: 4, controllers: ['bbr', 'cubic'] });
    path.runUntil('drain');
    const rounds = path.state.round.count;
    path.runWhile('drain');
    expect(path.state.round.count - rounds).toBeLessThanOrEqual(4);
  });

  it('exits ProbeUP within two round trips when the rate does not grow', () => {
    const path = bbrPath({ bufferBdp: 4 });
    const start = path.runUntil('probe-bw-up');
    expect(path.state.pacingGain).toBe(1.25);
    const end = path.runWhile('probe-bw-up');
    expect(end - start).toBeLessThan(0.1);
    expect(path.state.phase).toBe('probe-bw-down');
  });

  it('exits ProbeUP on heavy loss and bounds what may be in flight', () => {
    const path = bbrPath({ bufferBdp: 0.05 });
    path.runUntil('probe-bw-up', 10);
    path.simulation.run(20e6);
    expect(path.state.inflightLongterm).toBeLessThan(1.5 * path.bdpBytes);
  });

  it('never exits Startup while application-limited and without loss', () => {
    const path = bbrPath(producing(4));
    expect(path.runWhile('startup', 4.5)).toBe(Number.POSITIVE_INFINITY);
  });

  it('exits ProbeDOWN when what is in flight leaves headroom', () => {
    const path = bbrPath();
    path.runUntil('probe-bw-up');
    path.runUntil('probe-bw-down');
    expect(path.state.pacingGain).toBe(0.9);
    path.runWhile('probe-bw-down');
    expect(path.state.phase).toBe('probe-bw-cruise');
    expect(path.sender.bytesInFlight).toBeLessThan(1.05 * path.bdpBytes);
  });

  it('probes for bandwidth every two to three seconds on a long path', () => {
    const path = bbrPath({ rttMs: 100 });
    const times: number[] = [];
    for (let probe = 0; probe < 6; probe++) {
      times.push(path.runUntil('probe-bw-refill'));
      path.runUntil('probe-bw-down');
    }
    for (let probe = 1; probe < times.length; probe++) {
      expect(times[probe]! - times[probe - 1]!).toBeGreaterThan(2);
      expect(times[probe]! - times[probe - 1]!).toBeLessThan(3.6);
    }
  });

  it('enters ProbeRTT when the floor of the RTT was not seen for five seconds, and leaves it after 200 ms', () => {
    const path = bbrPath({ sender: () => ({ extraDelayUs: (nowUs) => (nowUs > 3e6 ? 10_000 : 0) }) });
    path.runUntil('probe-bw-cruise');
    const start = path.runUntil('probe-rtt');
    expect(start).toBeGreaterThan(7.5);
    expect(start).toBeLessThan(8.6);
    expect(path.state.cwndGain).toBe(0.5);
    path.simulation.run(path.simulation.nowUs + 150_000);
    expect(path.sender.bytesInFlight).toBeLessThan(0.6 * path.bdpBytes);
    const end = path.runWhile('probe-rtt');
    expect(end - start).toBeGreaterThan(0.2);
    expect(end - start).toBeLessThan(0.45);
    expect(path.state.phase).toBe('probe-bw-cruise');
    path.simulation.run(16e6);
    expect(path.state.minRttUs).toBeGreaterThan(59_000);
  });

  it('puts ProbeRTT off while the floor of the RTT shows by itself', () => {
    const path = bbrPath();
    expect(path.runUntil('probe-rtt', 20)).toBe(Number.POSITIVE_INFINITY);
  });

  it('skips ProbeRTT after idling', () => {
    const path = bbrPath({
      sender: () => ({ producedBytes: (nowUs) => (nowUs > 3e6 && nowUs < 12e6 ? 0 : 1e15) }),
    });
    path.simulation.run(12e6);
    expect(path.sender.bytesInFlight).toBe(0);
    const acked = path.sender.ackedBytes;
    expect(path.runUntil('probe-rtt', 3)).toBe(Number.POSITIVE_INFINITY);
    expect(path.sender.ackedBytes - acked).toBeGreaterThan(2.8 * path.bytesPerSecond);
  });

  it('allows for aggregated ACKs in the window, and fills the link', () => {
    const path = bbrPath({ bufferBdp: 4, sender: () => ({ ackEvery: 32 }) });
    path.runUntil('probe-bw-cruise');
    const acked = path.sender.ackedBytes;
    const startUs = path.simulation.nowUs;
    path.simulation.run(startUs + 5e6);
    expect(path.sender.ackedBytes - acked).toBeGreaterThan(0.97 * 5 * path.bytesPerSecond);
    expect(path.state.extraAckedFilter.max).toBeGreaterThan(0);
    expect(path.state.round.count).toBeGreaterThan(EXTRA_ACKED_FILTER_LEN);
  });

  it('keeps four datagrams in flight on a path of less than one, at the rate of the path', () => {
    const path = bbrPath({ mbitPerSecond: 0.064, rttMs: 10, link: { bufferBytes: 100_000 } });
    path.simulation.run(120e6);
    expect(path.state.cwnd).toBeGreaterThanOrEqual(4 * 1_400);
    const acked = path.sender.ackedBytes;
    path.simulation.run(180e6);
    expect(path.sender.ackedBytes - acked).toBeGreaterThan(0.95 * 60 * 8_000);
    expect(path.state.bw).toBeLessThan(1.1 * 8_000);
  });

  it('settles at the rate of a policer without a queue, with little loss', () => {
    const path = bbrPath({ mbitPerSecond: 50, link: { bufferBytes: 20 * 1_400 } });
    path.simulation.run(15e6);
    const { sentBytes, lostBytes, ackedBytes } = path.sender;
    path.simulation.run(35e6);
    expect((path.sender.lostBytes - lostBytes) / (path.sender.sentBytes - sentBytes)).toBeLessThan(0.03);
    expect(path.sender.ackedBytes - ackedBytes).toBeGreaterThan(0.8 * 20 * path.bytesPerSecond);
  });

  it('returns to Startup from a ProbeRTT that came before the pipe was full', () => {
    const path = bbrPath({
      sender: () => ({
        producedBytes: (nowUs) => nowUs * 0.5,
        extraDelayUs: (nowUs) => (nowUs > 1e6 ? 10_000 : 0),
      }),
    });
    expect(path.runUntil('probe-rtt', 9)).toBeLessThan(9);
    path.runWhile('probe-rtt');
    expect(path.state).toMatchObject({ phase: 'startup', fullBwReached: false });
  });

  it('does not lower its rate for application-limited samples', () => {
    const path = bbrPath({
      sender: () => ({ producedBytes: (nowUs) => (nowUs < 5e6 ? 1e15 : 0) }),
    });
    path.simulation.run(5e6);
    const { maxBw } = path.state;
    path.simulation.run(20e6);
    expect(path.state.maxBw).toBe(maxBw);
  });

  it('restores bounds and probe when every loss of an episode was spurious', () => {
    // Against CUBIC in a deep buffer a queue stands, so that loss counts.
    const path = bbrPath({ bufferBdp: 8, controllers: ['bbr', 'cubic'] });
    path.simulation.run(15e6);
    path.runUntil('probe-bw-up');
    path.simulation.run(path.simulation.nowUs + 100_000);
    const bbr = path.sender.controller as Bbr;
    const { inflightLongterm } = path.state;
    const { nowUs } = path.simulation;
    const packets = 60;
    for (let packet = 0; packet < packets; packet++) {
      const loss: LossSample = {
        nowUs,
        packetNumber: 1e6 + 2 * packet,
        packetBytes: 1_400,
        bytesInFlight: path.state.bytesInFlight,
        sentUs: nowUs - 50_000,
        transmitBytesInFlight: path.state.bytesInFlight,
        lostSinceTransmitBytes: 0.5 * path.state.bytesInFlight,
        deliveredBytes: path.state.deliveredBytes,
        smoothedRttUs: 100_000,
        minRttUs: 50_000,
      };
      bbr.onPacketLost(loss);
    }
    expect(path.state.phase).toBe('probe-bw-down');
    expect(path.state.inflightLongterm).toBeLessThan(inflightLongterm);
    for (let packet = 0; packet < packets; packet++) bbr.onSpuriousLoss(nowUs, 1_400);
    expect(path.state.inflightLongterm).toBe(inflightLongterm);
    expect(path.state.phase).toBe('probe-bw-refill');
  });

  it('takes a CE mark in Startup for a full pipe', () => {
    const path = bbrPath({ rttMs: 300 });
    path.simulation.run(1e6);
    expect(path.state.phase).toBe('startup');
    (path.sender.controller as Bbr).onAck(ceMark(path.state));
    expect(path.state.phase).toBe('drain');
  });

  it('sends at its smallest window from a persistent congestion until something sent after it is acknowledged', () => {
    const path = bbrPath();
    path.simulation.run(3e6);
    const { windowBytes } = path.sender.controller;
    path.sender.controller.onPersistentCongestion(path.simulation.nowUs);
    expect(path.sender.controller).toMatchObject({ windowBytes: 4 * 1_400, phase: 'backed-off' });
    path.simulation.run(path.simulation.nowUs + 40_000);
    expect(path.sender.controller.phase).toBe('backed-off');
    path.simulation.run(path.simulation.nowUs + 100_000);
    expect(path.sender.controller.phase).not.toBe('backed-off');
    expect(path.sender.controller.windowBytes).toBeGreaterThan(0.9 * windowBytes);
  });
});

function ceMark(state: BbrState): AckSample {
  return {
    nowUs: state.nowUs,
    ackedBytes: 1_400,
    lostBytes: 0,
    bytesInFlight: state.bytesInFlight,
    priorBytesInFlight: state.bytesInFlight + 1_400,
    rttUs: state.minRttUs,
    arrivalUs: 0,
    smoothedRttUs: state.minRttUs,
    minRttUs: state.minRttUs,
    largestAcked: 0,
    deliveredBytes: state.deliveredBytes + 1_400,
    deliveryRate: 0,
    priorDeliveredBytes: 0,
    applicationLimited: false,
    transmitBytesInFlight: state.bytesInFlight,
    lostSinceTransmitBytes: 0,
    ecnCeCount: 1,
  };
}
