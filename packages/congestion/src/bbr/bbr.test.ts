import { describe, expect, it } from 'vitest';
import type { AckSample, LossSample } from '../controller.ts';
import { newAckSample } from '../samples.ts';
import { bbrPath, producing } from '../testing/bbr-path.ts';
import type { Bbr } from './bbr.ts';
import type { BbrState } from './state.ts';

// What is ours, or what the examples of the draft (`draft-examples.test.ts`) leave open.

describe('Bbr', () => {
  it('does not exit Startup on random loss without a queue, which is our change to the draft', () => {
    const path = bbrPath({ ...producing(5), loss: 0.05 });
    expect(path.runWhile('startup', 10)).toBe(Number.POSITIVE_INFINITY);
  });

  it('begins in Startup, however long the clock has run before', () => {
    const { state, sender } = bbrPath();
    sender.controller.onAck({ ...ceMark(state), nowUs: 1e12, rttUs: 50_000, ecnCeCount: 0 });
    expect(state.phase).toBe('startup');
  });

  it('exits ProbeUP on heavy loss and bounds what may be in flight', () => {
    const path = bbrPath({ bufferBdp: 0.05 });
    path.runUntil('probe-bw-up', 10);
    path.simulation.run(20e6);
    expect(path.state.inflightLongterm).toBeLessThan(1.5 * path.bdpBytes);
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

  it('drains a queue that grows while it cruises at a rate that reads too high', () => {
    const path = bbrPath({ bufferBdp: 4 });
    path.runUntil('probe-bw-cruise');
    let deepest = 0;
    for (let step = 0; step < 150; step++) {
      path.state.maxBwFilter.update(1.1 * path.bytesPerSecond, path.state.cycleCount);
      path.runFor(0.01);
      deepest = Math.max(deepest, path.simulation.bottleneck.queuedBytes(path.simulation.nowUs));
    }
    expect(path.state.drainsAgain).toBe(true);
    expect(deepest).toBeGreaterThan(0.1 * path.bdpBytes);
    expect(deepest).toBeLessThan(0.5 * path.bdpBytes);
  });

  it('sends on top what the line loses, and no more than that while it cruises', () => {
    const path = bbrPath({ loss: 0.015 });
    path.runFor(10);
    path.runUntil('probe-bw-refill');
    path.runUntil('probe-bw-cruise');
    path.runFor(0.5);
    expect(path.state.pacingRate / path.state.bw).toBeCloseTo(0.99 / (1 - 0.015), 2);
    expect(path.state.pacingRate / path.state.bw).toBeGreaterThan(0.997);
    path.state.bwShortterm = path.state.maxBw;
    path.runFor(0.1);
    expect(path.state.pacingRate / path.state.bw).toBeCloseTo(0.99, 3);
  });

  it('puts ProbeRTT off while the floor of the RTT shows by itself', () => {
    const path = bbrPath();
    expect(path.runUntil('probe-rtt', 20)).toBe(Number.POSITIVE_INFINITY);
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
    ...newAckSample(),
    nowUs: state.nowUs,
    ackedBytes: 1_400,
    ackedPackets: 1,
    bytesInFlight: state.bytesInFlight,
    priorBytesInFlight: state.bytesInFlight + 1_400,
    rttUs: state.minRttUs,
    smoothedRttUs: state.minRttUs,
    minRttUs: state.minRttUs,
    deliveredBytes: state.deliveredBytes + 1_400,
    transmitBytesInFlight: state.bytesInFlight,
    ecnCeCount: 1,
  };
}
