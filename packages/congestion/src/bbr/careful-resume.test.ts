import { describe, expect, it } from 'vitest';
import { type BbrPath, bbrPath } from '../testing/bbr-path.ts';
import type { PathOptions } from '../testing/path.ts';
import type { Bbr } from './bbr.ts';
import type { CarefulResume, ResumePhase } from './careful-resume.ts';

const MBIT = 125_000;
const FAST = { mbitPerSecond: 500, rttMs: 100 };

function resumeOf(bbr: Bbr): CarefulResume {
  return (bbr as unknown as { resume: CarefulResume }).resume;
}

/** Phases of the start, in their order. */
function phasesOf(path: BbrPath, seconds: number): ResumePhase[] {
  const phases: ResumePhase[] = [];
  for (let step = 0; step < seconds * 2_000; step++) {
    path.runFor(0.0005);
    const { phase } = resumeOf(path.bbr);
    if (phase !== phases.at(-1)) phases.push(phase);
  }
  return phases;
}

function remembering(mbit: number, rttMs: number, path: Partial<PathOptions>): Partial<PathOptions> {
  const rememberedPath = { minRttUs: rttMs * 1_000, rateBytesPerSecond: mbit * MBIT };
  return { ...path, handshakeRttMs: path.rttMs!, rememberedPath };
}

describe('the start of a connection', () => {
  it('goes from a train to half of the path, and on to all of it, without a queue', () => {
    const path = bbrPath({ ...FAST, bufferBdp: 4 });
    expect(phasesOf(path, 0.6)).toEqual(['reconnaissance', 'unvalidated', 'validating', 'normal']);
    expect(path.state.phase).toMatch(/^probe-bw/);
    expect(path.state.maxBw / path.bytesPerSecond).toBeGreaterThan(0.95);
    expect(path.simulation.bottleneck.maxQueueBytes).toBeLessThan(0.4 * path.bdpBytes);
    expect(path.sender.lostBytes).toBe(0);
  });

  it('is left to doubling when the receiver’s clock shows nothing', () => {
    const path = bbrPath({ ...FAST, bufferBdp: 4, sender: () => ({ arrivalClock: () => 0 }) });
    expect(phasesOf(path, 2)).toEqual(['reconnaissance']);
    expect(path.state.maxBw / path.bytesPerSecond).toBeGreaterThan(0.95);
  });

  it('never sends a flight of more than 64 times what was acknowledged, whatever the receiver says', () => {
    for (const arrivalClock of [(us: number) => us / 1e3, (us: number) => us / 2, (us: number) => us % 997]) {
      const path = bbrPath({ mbitPerSecond: 100, rttMs: 100, sender: () => ({ arrivalClock }) });
      for (let step = 0; step < 400; step++) {
        path.runFor(0.001);
        const { ackedBytes, sentBytes } = path.sender;
        expect(sentBytes).toBeLessThanOrEqual(64 * (ackedBytes + path.state.initialCwnd));
      }
    }
  });

  it('retreats to what arrived when a policer takes most of the jump', () => {
    const policer = { bytesPerSecond: 20 * MBIT, burstBytes: 60_000 };
    const path = bbrPath({ mbitPerSecond: 1_000, rttMs: 50, link: { policer } });
    expect(phasesOf(path, 0.5)).toContain('retreated');
    expect(path.sender.lostBytes).toBeLessThan(3e6);
    path.runFor(4);
    const before = path.sender.ackedBytes;
    path.runFor(2);
    expect((path.sender.ackedBytes - before) / 2).toBeGreaterThan(0.85 * 20 * MBIT);
  });

  it('does not retreat on five percent of random loss', () => {
    const path = bbrPath({ ...FAST, loss: 0.05 });
    expect(phasesOf(path, 0.6)).not.toContain('retreated');
  });

  it('jumps once there is something to jump with', () => {
    const startUs = 1e6;
    const producedBytes = (nowUs: number) => (nowUs < startUs ? 20_000 : 1e15);
    const path = bbrPath({ ...remembering(500, 100, FAST), sender: () => ({ producedBytes }) });
    path.runFor(0.9);
    expect(resumeOf(path.bbr).phase).toBe('unvalidated');
    path.runFor(0.25);
    expect(resumeOf(path.bbr).phase).toBe('validating');
    expect(path.sender.ackedBytes).toBeGreaterThan(0.1 * path.bdpBytes);
  });
});

describe('a remembered path', () => {
  it('is used at half its rate at once, and wholly after a round trip, also if the ends took long over the handshake', () => {
    for (const handshakeRttMs of [100, 130]) {
      const path = bbrPath({ ...remembering(480, 100, { ...FAST, bufferBdp: 4 }), handshakeRttMs });
      path.runFor(0.1);
      expect(path.sender.sentBytes / path.bdpBytes).toBeGreaterThan(0.45);
      expect(path.sender.sentBytes / path.bdpBytes).toBeLessThan(0.55);
      path.runFor(0.4);
      expect(path.sender.ackedBytes / path.bdpBytes).toBeGreaterThan(3);
      expect(path.simulation.bottleneck.maxQueueBytes).toBeLessThan(0.4 * path.bdpBytes);
    }
  });

  it('does not retreat from a receiver that answers late, but from a path that takes longer', () => {
    const extraDelayUs = (nowUs: number) => (nowUs > 10_000 ? 80_000 : 0);
    const arrivalClock = (nowUs: number) => (nowUs > 150_000 ? nowUs - 80_000 : nowUs);
    const start = (late: object) =>
      phasesOf(bbrPath({ ...remembering(480, 100, FAST), sender: () => late }), 0.5);
    expect(start({ extraDelayUs, arrivalClock })).toEqual(['unvalidated', 'validating', 'normal']);
    expect(start({ extraDelayUs })).toContain('retreated');
    expect(start({ extraDelayUs, arrivalClock: () => 0 })).toContain('retreated');
  });

  it('waits for a first RTT when the handshake gave none', () => {
    const path = bbrPath({ ...remembering(480, 100, FAST), handshakeRttMs: 0 });
    path.runFor(0.1);
    expect(path.sender.sentBytes).toBeLessThan(50_000);
    path.runFor(0.1);
    expect(path.sender.sentBytes / path.bdpBytes).toBeGreaterThan(0.4);
  });

  it('is forgotten when the RTT is another', () => {
    for (const rttMs of [40, 250]) {
      const path = bbrPath(remembering(480, rttMs, FAST));
      path.runFor(0.09);
      expect(path.sender.sentBytes).toBeLessThan(50_000);
    }
  });

  it('is given up when the path has become ten times slower', () => {
    const path = bbrPath(remembering(480, 100, { mbitPerSecond: 48, rttMs: 100 }));
    expect(phasesOf(path, 0.5)).toContain('retreated');
    // A copy that ends here leaves no more than half of it.
    expect(path.bbr.describePath()!.rateBytesPerSecond).toBeGreaterThan(0.2 * path.bytesPerSecond);
    expect(path.bbr.describePath()!.rateBytesPerSecond).toBeLessThanOrEqual(240 * MBIT);
    path.runFor(1.5);
    expect(Math.abs(path.state.bw / path.bytesPerSecond - 1)).toBeLessThan(0.1);
    expect(path.simulation.bottleneck.queuedBytes(path.simulation.nowUs)).toBeLessThan(0.3 * path.bdpBytes);
  });
});

describe('what BBR remembers of a path', () => {
  it('is the rate delivered over round trips on end, and the least RTT', () => {
    const path = bbrPath(FAST);
    expect(path.bbr.describePath()).toBeUndefined();
    path.runFor(2);
    const { minRttUs, rateBytesPerSecond } = path.bbr.describePath()!;
    expect(minRttUs / 1e5).toBeCloseTo(1, 2);
    expect(rateBytesPerSecond / path.bytesPerSecond).toBeGreaterThan(0.95);
    expect(rateBytesPerSecond / path.bytesPerSecond).toBeLessThanOrEqual(1.0001);
  });

  it('is nothing while the application, not the path, was what limited it', () => {
    const path = bbrPath({ ...FAST, sender: () => ({ producedBytes: (nowUs) => nowUs * 10 }) });
    path.runFor(5);
    expect(path.bbr.describePath()).toBeUndefined();
  });

  it('is forgotten with the path', () => {
    const path = bbrPath(FAST);
    path.runFor(2);
    path.bbr.reset(path.simulation.nowUs);
    expect(path.bbr.describePath()).toBeUndefined();
  });
});
