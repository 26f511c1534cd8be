import { describe, expect, it } from 'vitest';
import { Link } from './link.ts';
import { plotReport } from './plot.ts';
import { SeededRandom } from './random.ts';
import { FlowTrace } from './transfer/flow-trace.ts';
import type { FlowReport, ScenarioReport } from './transfer/transfer-report.ts';

function report(name: string, flows: number): ScenarioReport {
  const link = new Link({ name: 'forward', rateBytesPerSecond: 1e6 }, new SeededRandom(1));
  const flow = (): FlowReport => {
    const trace = new FlowTrace();
    for (let i = 0; i < 500; i++) {
      trace.ackedBytes.add(i * 1000, i * 1000);
      trace.pacingRate.add(i * 1000, 1e6);
      trace.windowBytes.add(i * 1000, 20_000);
      trace.latestRttUs.add(i * 1000, 10_000 + i);
      link.offer(i * 1000, new Uint8Array(1000));
    }
    return {
      contentBytes: 500_000,
      establishedUs: 0,
      startUs: 0,
      durationUs: 500_000,
      goodputBytesPerSecond: 1e6,
      verifiedBytes: 500_000,
      resentShare: 0,
      redundantShare: 0,
      senderClosed: undefined,
      receiverClosed: undefined,
      blocksInUse: 0,
      pathSeen: undefined,
      peakMemory: { sentPackets: 256, sentContent: 256 },
      stats: undefined,
      trace,
    };
  };
  return {
    scenario: name,
    seed: 1,
    end: 'over',
    failure: undefined,
    virtualUs: 600_000,
    events: 1,
    idleTimers: 0,
    forward: link,
    backward: link,
    flows: Array.from({ length: flows }, flow),
  };
}

describe('plotReport', () => {
  it('draws four panels with finite coordinates only', () => {
    const svg = plotReport(report('a path', 1));
    expect(svg).toMatch(/^<svg [^>]*>[\s\S]*<\/svg>\n$/);
    expect(svg.match(/<polyline/g)).toHaveLength(7);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg).toContain('a path, seed 1');
  });

  it('escapes what it is given, and tells flows apart', () => {
    const svg = plotReport(report('<script>&', 2));
    expect(svg).toContain('&lt;script&gt;&amp;');
    expect(svg).toContain('acked 1');
  });
});
