import { describe, expect, it } from 'vitest';
import { Link } from './link.ts';
import { SeededRandom } from './random.ts';
import type { Scenario, ScenarioBounds } from './scenario.ts';
import { reportProblems } from './scenario-verdict.ts';
import { FlowTrace } from './transfer/flow-trace.ts';
import { type FlowReport, jainIndex, type ScenarioReport } from './transfer/transfer-report.ts';

const link = new Link({ name: 'link', rateBytesPerSecond: 1e6 }, new SeededRandom(1));
for (let i = 0; i < 200; i++) link.offer(500 * i, new Uint8Array(972)); // twice as fast as they leave

function flow(changes: Partial<FlowReport> = {}): FlowReport {
  const trace = new FlowTrace();
  for (let ms = 0; ms <= 1000; ms++) trace.ackedBytes.add(ms * 1000, ms * 1000);
  return {
    contentBytes: 1e6,
    establishedUs: 10,
    startUs: 10,
    durationUs: 1e6,
    goodputBytesPerSecond: 1e6,
    verifiedBytes: 1e6,
    resentShare: 0.02,
    redundantShare: 0.01,
    senderClosed: { atUs: 1e6, code: 'none', reason: '', byPeer: false },
    receiverClosed: { atUs: 1e6, code: 'none', reason: '', byPeer: true },
    blocksInUse: 0,
    pathSeen: undefined,
    peakMemory: { sentPackets: 256, sentContent: 256 },
    stats: undefined,
    trace,
    ...changes,
  };
}

function problems(bounds: Partial<ScenarioBounds>, changes: Partial<ScenarioReport> = {}): string {
  const scenario: Scenario = {
    name: 's',
    about: '',
    forward: {},
    backward: {},
    flows: [],
    bounds: { completionUs: 1e6, ...bounds },
  };
  const report: ScenarioReport = {
    scenario: 's',
    seed: 1,
    end: 'over',
    failure: undefined,
    virtualUs: 1e6,
    events: 1000,
    idleTimers: 0,
    forward: link,
    backward: link,
    flows: [flow()],
    ...changes,
  };
  return reportProblems(scenario, report).join('\n');
}

describe('the verdict on a run', () => {
  it('is clean when every bound holds', () => {
    const bounds = {
      resentShare: 0.02,
      redundantShare: 0.01,
      establishedUs: 10,
      steadyFromUs: 500_000,
      steadyBytesPerSecond: 0.99e6,
      fairness: { fromUs: 0, untilUs: 1e6, jain: 0.99 },
    };
    expect(problems(bounds)).toBe('');
  });

  it('names each bound that does not hold', () => {
    expect(problems({ completionUs: 999_999 })).toContain('took 1000.0 ms');
    expect(problems({ resentShare: 0.01 })).toContain('resent share');
    expect(problems({ redundantShare: 0.001 })).toContain('redundant share');
    expect(problems({ establishedUs: 9 })).toContain('time to a connection');
    expect(problems({ steadyBytesPerSecond: 1.1e6 })).toContain('bytes/s');
    expect(problems({ queueTimeP95Us: 10 })).toContain('queue p95');
    const flows = [flow(), flow({ trace: new FlowTrace() })];
    expect(problems({ fairness: { fromUs: 0, untilUs: 1e6, jain: 0.9 } }, { flows })).toContain(
      'Jain index 0.500',
    );
  });

  it('names what no run may do', () => {
    expect(problems({}, { end: 'idle' })).toContain('ended by idle');
    expect(problems({}, { failure: 'window is NaN' })).toContain('window is NaN');
    expect(problems({}, { idleTimers: 5000 })).toContain('fired for nothing');
    const verdictOn = (changes: Partial<FlowReport>): string => problems({}, { flows: [flow(changes)] });
    expect(verdictOn({ durationUs: Number.POSITIVE_INFINITY })).toContain('took Infinity');
    expect(verdictOn({ blocksInUse: 1 })).toContain('not given back');
    expect(verdictOn({ senderClosed: undefined })).toContain('sender closed');
    const lost = { atUs: 1e6, code: 'connection-lost', reason: '', byPeer: false } as const;
    expect(verdictOn({ receiverClosed: lost })).toBe('');
    expect(verdictOn({ receiverClosed: lost, verifiedBytes: 5 })).toContain('receiver closed');
    expect(verdictOn({ senderClosed: lost })).toContain('sender closed');
  });
});

describe("Jain's index", () => {
  it('goes from one n-th to 1', () => {
    expect(jainIndex([5, 5, 5, 5])).toBe(1);
    expect(jainIndex([5, 0, 0, 0])).toBe(0.25);
    expect(jainIndex([2, 1])).toBeCloseTo(0.9);
  });
});
