import { describe, expect, it } from 'vitest';
import { bbrPath, producing } from '../testing/bbr-path.ts';
import { EXTRA_ACKED_FILTER_LEN } from './parameters.ts';

// The example test cases at the end of draft-ietf-ccwg-bbr (August 2026): every one, in its order and under its title.

/** Rate of an application that does not fill the path of 20 Mbit/s, and of one that does. */
const LITTLE = 5 * 0.125;
const PLENTY = 1e9;
/** The draft has no packet trains, which leave Startup without a queue to drain. */
const WITHOUT_TRAINS = { sender: () => ({ arrivalClock: () => 0 }) };

/** An application whose rate, bytes per microsecond, can be changed as it runs. */
function adjustableApplication() {
  const application = { rate: PLENTY, produced: 0, atUs: 0 };
  const sender = () => ({
    producedBytes: (nowUs: number) => {
      application.produced += application.rate * (nowUs - application.atUs);
      application.atUs = nowUs;
      return application.produced;
    },
  });
  /** From now on. @param sentBytes what the sender sent so far: nothing waits */
  const setRate = (rate: number, sentBytes: number) => {
    application.rate = rate;
    application.produced = sentBytes;
  };
  return { sender, setRate };
}

describe('Bbr does as the examples of draft-ietf-ccwg-bbr', () => {
  it('Exiting STARTUP on Bandwidth Plateau', () => {
    const path = bbrPath({ ...WITHOUT_TRAINS, bufferBdp: 4 });
    path.runWhile('startup');
    expect(path.state).toMatchObject({
      phase: 'drain',
      fullBwReached: true,
      fullBwNow: true,
      fullBwCount: 3,
    });
    expect(Math.abs(path.state.maxBw / path.bytesPerSecond - 1)).toBeLessThan(0.02);
  });

  it('Exiting STARTUP on Loss When Application-Limited', () => {
    const path = bbrPath({ ...producing(5), loss: 0.3 });
    path.runWhile('startup', 10);
    expect(path.state).toMatchObject({ phase: 'drain', fullBwReached: true, fullBwNow: true });
  });

  it('Exiting DRAIN Based on Inflight', () => {
    const path = bbrPath(WITHOUT_TRAINS);
    path.runUntil('drain');
    expect(path.state.pacingGain).toBe(0.5);
    expect(path.sender.bytesInFlight).toBeGreaterThan(1.5 * path.bdpBytes);
    path.runWhile('drain');
    expect(path.state.phase).toMatch(/^probe-bw-(down|cruise)$/);
    expect(path.sender.bytesInFlight).toBeLessThan(1.05 * path.bdpBytes);
  });

  it('Exiting DRAIN Based on Time', () => {
    // The draft takes a tenth off the bandwidth, which a gain of 0.5 drains all the same; an RTT taken for too short it does not.
    const path = bbrPath({ ...WITHOUT_TRAINS, bufferBdp: 4 });
    path.runUntil('drain');
    path.state.minRttUs = 10_000;
    path.state.probeRttMinDelayUs = 10_000;
    const { drainStartRound } = path.state;
    path.runWhile('drain');
    expect(path.state.round.count - drainStartRound).toBe(4);
    expect(path.sender.bytesInFlight).toBeGreaterThan(path.state.inflight(path.state.bw, 1));
    expect(path.state.isInProbeBw).toBe(true);
  });

  it('Exiting PROBE_UP on Bandwidth Plateau', () => {
    const path = bbrPath({ bufferBdp: 4 });
    const start = path.runUntil('probe-bw-up');
    expect(path.state.pacingGain).toBe(1.25);
    const end = path.runWhile('probe-bw-up');
    // Ours: a queue of a quarter BDP ends it, within two round trips and without waiting for three rounds.
    expect(end - start).toBeLessThan(0.1);
    expect(path.state.phase).toBe('probe-bw-down');
  });

  it('Exiting PROBE_UP on Loss When Application-Limited', () => {
    const application = adjustableApplication();
    let loss = 0;
    const path = bbrPath({ sender: application.sender, link: { lossProbability: () => loss } });
    path.runUntil('probe-bw-up');
    application.setRate(10 * 0.125, path.sender.sentBytes);
    path.runFor(0.3);
    expect(path.state.phase).toBe('probe-bw-up');
    const { inflightLongterm } = path.state;
    loss = 0.4;
    path.runWhile('probe-bw-up', 3);
    expect(path.state.phase).toMatch(/^probe-bw-(down|cruise)$/);
    expect(path.state.prevProbeTooHigh).toBe(true);
    // An application-limited volume is no measure of what the path carries.
    expect(path.state.inflightLongterm).toBe(inflightLongterm);
  });

  it('Never Exiting PROBE_UP (or STARTUP) When Application-Limited With No Loss', () => {
    expect(bbrPath(producing(4)).runWhile('startup', 20)).toBe(Number.POSITIVE_INFINITY);
    const application = adjustableApplication();
    const path = bbrPath({ sender: application.sender });
    path.runUntil('probe-bw-up');
    application.setRate(LITTLE, path.sender.sentBytes);
    expect(path.runWhile('probe-bw-up', 20)).toBe(Number.POSITIVE_INFINITY);
  });

  it('Exiting PROBE_DOWN on Inflight', () => {
    const path = bbrPath();
    path.runUntil('probe-bw-up');
    path.runUntil('probe-bw-down');
    expect(path.state.pacingGain).toBe(0.9);
    path.runWhile('probe-bw-down');
    expect(path.state.phase).toBe('probe-bw-cruise');
    expect(path.sender.bytesInFlight).toBeLessThan(1.05 * path.bdpBytes);
  });

  it('Exiting PROBE_DOWN After Max Time', () => {
    const options = { bufferBdp: 4 };
    const up = bbrPath(options);
    up.runUntil('probe-bw-up');
    const atUs = up.runUntil('probe-bw-down') * 1e6;
    // 12 % less: a gain of 0.9 no longer drains anything, and it is too little for a collapse.
    const link = { rateSteps: [{ fromUs: atUs, bytesPerSecond: 0.88 * up.bytesPerSecond }] };
    const path = bbrPath({ ...options, link });
    path.runUntil('probe-bw-up');
    const start = path.runUntil('probe-bw-down');
    const { bwProbeWaitUs } = path.state;
    const end = path.runWhile('probe-bw-down');
    expect(path.state.phase).toBe('probe-bw-refill');
    // By the time that was drawn, or by 63 rounds.
    expect(end - start).toBeLessThanOrEqual(bwProbeWaitUs / 1e6 + 0.1);
    expect(end - start).toBeGreaterThan(1.5);
  });

  it('Entering and Exiting PROBE_RTT', () => {
    const path = bbrPath({ sender: () => ({ extraDelayUs: (nowUs) => (nowUs > 3e6 ? 10_000 : 0) }) });
    path.runUntil('probe-bw-cruise');
    const start = path.runUntil('probe-rtt');
    expect(start).toBeGreaterThan(7.5);
    expect(start).toBeLessThan(8.6);
    expect(path.state.cwndGain).toBe(0.5);
    path.runFor(0.15);
    expect(path.sender.bytesInFlight).toBeLessThan(0.6 * path.bdpBytes);
    const end = path.runWhile('probe-rtt');
    expect(end - start).toBeGreaterThan(0.2);
    expect(end - start).toBeLessThan(0.45);
    expect(path.state.phase).toBe('probe-bw-cruise');
    path.simulation.run(16e6);
    expect(path.state.minRttUs).toBeGreaterThan(59_000);
  });

  it('Skipping PROBE_RTT Due to Application-Limited Sending', () => {
    const path = bbrPath({
      sender: () => ({ producedBytes: (nowUs) => (nowUs > 3e6 && nowUs < 12e6 ? 0 : 1e15) }),
    });
    path.simulation.run(12e6);
    expect(path.sender.bytesInFlight).toBe(0);
    path.simulation.run(12e6 + 10_000);
    expect(path.state.idleRestart).toBe(true);
    const acked = path.sender.ackedBytes;
    expect(path.runUntil('probe-rtt', 3)).toBe(Number.POSITIVE_INFINITY);
    expect(path.sender.ackedBytes - acked).toBeGreaterThan(2.8 * path.bytesPerSecond);
  });

  it('Achieving Expected STARTUP Bandwidth on a Link With Aggregation', () => {
    const path = bbrPath({ bufferBdp: 4, sender: () => ({ ackEvery: 1_000, ackDelayUs: 25_000 }) });
    path.runUntil('drain');
    expect(path.state.extraAckedFilter.max).toBeGreaterThan(20 * 1_400);
    expect(path.state.cwnd).toBeGreaterThan(2 * path.bdpBytes);
    expect(path.state.maxBw / path.bytesPerSecond).toBeGreaterThan(0.95);
    expect(path.state.maxBw / path.bytesPerSecond).toBeLessThan(1.05);
    expect(path.simulation.nowUs).toBeLessThan(1e6);
  });

  it('Achieving Expected Cruise Bandwidth on a Link With Aggregation', () => {
    const path = bbrPath({ bufferBdp: 4, sender: () => ({ ackEvery: 1_000, ackDelayUs: 25_000 }) });
    path.runUntil('probe-bw-cruise');
    const acked = path.sender.ackedBytes;
    path.runFor(5);
    expect(path.sender.ackedBytes - acked).toBeGreaterThan(0.97 * 5 * path.bytesPerSecond);
    expect(path.state.extraAckedFilter.max).toBeGreaterThan(0);
    expect(path.state.round.count).toBeGreaterThan(EXTRA_ACKED_FILTER_LEN);
  });

  it('Correctly Managing Sub-Packet BDPs', () => {
    const path = bbrPath({ mbitPerSecond: 0.064, rttMs: 10, link: { bufferBytes: 100_000 } });
    path.simulation.run(120e6);
    expect(path.state.cwnd).toBeGreaterThanOrEqual(4 * 1_400);
    const acked = path.sender.ackedBytes;
    path.simulation.run(180e6);
    expect(path.sender.ackedBytes - acked).toBeGreaterThan(0.95 * 60 * 8_000);
    expect(path.state.bw).toBeLessThan(1.1 * 8_000);
  });

  it('Increasing Bandwidth 10x and Ensuring Full Bandwidth is Reached', () => {
    // A shallow buffer and loss in it, so that inflight_longterm is set and has to grow.
    const bufferBytes = 20_000;
    const stepUs = 8e6;
    const path = bbrPath({
      mbitPerSecond: 10,
      link: { bufferBytes, rateSteps: [{ fromUs: stepUs, bytesPerSecond: 100 * 125_000 }] },
    });
    path.simulation.run(stepUs);
    expect(path.state.inflightLongterm).toBeLessThan(2 * path.bdpBytes);
    const increments: number[] = [];
    while (path.state.maxBw < 0.9 * 100 * 125_000 && path.simulation.nowUs < 30e6) {
      const { bwProbeUpRounds, phase } = path.state;
      path.runFor(0.0005);
      if (phase === 'probe-bw-up' && path.state.bwProbeUpRounds > bwProbeUpRounds)
        increments.push(path.state.cwnd / path.state.probeUpAckedPerInc);
    }
    expect(path.simulation.nowUs - stepUs).toBeLessThan(8e6);
    const doublings = increments.filter(
      (perRound, index) => index > 0 && perRound > 1.9 * increments[index - 1]!,
    );
    expect(doublings.length).toBeGreaterThan(2);
  });

  it('Decreasing Bandwidth 10x and Ensuring Max Bandwidth Adapts Down', () => {
    const stepUs = 10e6;
    const path = bbrPath({
      mbitPerSecond: 100,
      link: { rateSteps: [{ fromUs: stepUs, bytesPerSecond: 10 * 125_000 }] },
    });
    path.simulation.run(stepUs + 0.5e6);
    // bw_shortterm, or the collapse of what is delivered, whichever is first.
    expect(path.state.bw).toBeLessThan(0.5 * path.bytesPerSecond);
    path.simulation.run(stepUs + 8e6);
    expect(path.state.maxBw).toBeLessThan(1.05 * 10 * 125_000);
    expect(path.state.maxBw).toBeGreaterThan(0.95 * 10 * 125_000);
  });

  it.each([20_000, 100_000, 500_000])('Handling Token Bucket Policers: %d bytes', (burstBytes) => {
    const bytesPerSecond = 20 * 125_000;
    const path = bbrPath({ mbitPerSecond: 1_000, link: { policer: { bytesPerSecond, burstBytes } } });
    path.runUntil('probe-bw-cruise', 10);
    path.simulation.run(10e6);
    expect(
      path.state.bwShortterm === Number.POSITIVE_INFINITY ? path.state.maxBw : path.state.bwShortterm,
    ).toBeLessThan(1.3 * bytesPerSecond);
    const { sentBytes, lostBytes, ackedBytes } = path.sender;
    path.simulation.run(40e6);
    expect((path.sender.lostBytes - lostBytes) / (path.sender.sentBytes - sentBytes)).toBeLessThan(0.03);
    expect(path.sender.ackedBytes - ackedBytes).toBeGreaterThan(0.8 * 30 * bytesPerSecond);
  });

  it('Handling Spurious Fast Recovery', () => {
    // A hundredth of a second's packets take 20 ms longer than those behind them, in the midst of a probe.
    const atUs = bbrPath({ bufferBdp: 4 }).runUntil('probe-bw-up') * 1e6;
    const late = (nowUs: number) => (nowUs > atUs + 20_000 && nowUs < atUs + 30_000 ? 20_000 : 0);
    const path = bbrPath({ bufferBdp: 4, sender: () => ({ reorders: true, extraDelayUs: late }) });
    path.simulation.run(atUs + 20_000);
    const { bwShortterm, inflightShortterm, inflightLongterm, maxBw, cwnd } = path.state;
    path.simulation.run(atUs + 200_000);
    expect(path.sender.lostBytes).toBeGreaterThan(0);
    expect(path.state).toMatchObject({ bwShortterm, inflightShortterm, inflightLongterm });
    expect(path.state.maxBw).toBeGreaterThanOrEqual(0.98 * maxBw);
    expect(path.state.cwnd).toBeGreaterThanOrEqual(0.9 * cwnd);
    expect(path.state.phase).toMatch(/^probe-bw-(up|down|cruise)$/);
  });

  it('Handling Spurious RTO Recovery', () => {
    // For three round trips everything takes 400 ms longer: probe timeouts fire, and nothing was lost.
    const startUs = 4e6;
    const late = (nowUs: number) => (nowUs > startUs && nowUs < startUs + 150_000 ? 400_000 : 0);
    const path = bbrPath({ bufferBdp: 4, sender: () => ({ reorders: true, extraDelayUs: late }) });
    path.simulation.run(startUs);
    const { bwShortterm, inflightShortterm, inflightLongterm, maxBw } = path.state;
    path.simulation.run(startUs + 1e6);
    expect(path.sender.lostBytes).toBeGreaterThan(0);
    expect(path.state).toMatchObject({ bwShortterm, inflightShortterm, inflightLongterm });
    expect(path.state.maxBw).toBeGreaterThanOrEqual(0.98 * maxBw);
    const acked = path.sender.ackedBytes;
    path.runFor(1);
    expect(path.sender.ackedBytes - acked).toBeGreaterThan(0.95 * path.bytesPerSecond);
  });

  it('Entering and Exiting PROBE_RTT During STARTUP', () => {
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

  it('Handling Loss During PROBE_UP After inflight_longterm is Set', () => {
    let loss = 0;
    const path = bbrPath({ link: { bufferBytes: 20_000, lossProbability: () => loss } });
    path.simulation.run(8e6);
    expect(path.state.inflightLongterm).toBeLessThan(2 * path.bdpBytes);
    path.runUntil('probe-bw-refill');
    const start = path.runUntil('probe-bw-up');
    const { inflightLongterm } = path.state;
    loss = 0.25;
    const end = path.runWhile('probe-bw-up');
    expect(end - start).toBeLessThan(0.2);
    expect(path.state).toMatchObject({ phase: 'probe-bw-down', prevProbeTooHigh: true });
    expect(path.state.inflightLongterm).toBeLessThanOrEqual(inflightLongterm);
    expect(path.state.inflightLongterm).toBeGreaterThanOrEqual(0.7 * path.state.targetInflight);
  });

  it('Handling Application-Limited Sending During PROBE_REFILL', () => {
    const application = adjustableApplication();
    const path = bbrPath({ sender: application.sender });
    path.runUntil('probe-bw-refill');
    const { maxBw } = path.state;
    application.setRate(LITTLE, path.sender.sentBytes);
    path.runWhile('probe-bw-refill', 2);
    expect(path.state.phase).toBe('probe-bw-up');
    path.runFor(0.2);
    expect(path.state.maxBw).toBe(maxBw);
    application.setRate(PLENTY, path.sender.sentBytes);
    path.runWhile('probe-bw-up', 2);
    expect(path.state.phase).toBe('probe-bw-down');
    expect(path.state.maxBw).toBeGreaterThanOrEqual(0.98 * maxBw);
  });
});
