import type { ScenarioReport } from './transfer-report.ts';

const ROWS = 16;

/** A few lines that show how a run went: figures and state over time, for people. */
export function describeReport(report: ScenarioReport): string {
  const lines = [
    `  ended ${report.end} at ${seconds(report.virtualUs)}, ${report.events} events`,
    `  forward ${JSON.stringify(report.forward.counters)}`,
    `  queue p50 ${inMs(report.forward.queueTimeUs.quantile(0.5))}, p95 ${inMs(report.forward.queueTimeUs.quantile(0.95))}`,
    `  backward ${JSON.stringify(report.backward.counters)}`,
  ];
  report.flows.forEach((flow, index) => {
    const { trace } = flow;
    const times = trace.windowBytes.times;
    lines.push(
      `  flow ${index}: ${seconds(flow.durationUs)} for ${megabytes(flow.contentBytes)},` +
        ` ${((flow.goodputBytesPerSecond * 8) / 1e6).toFixed(2)} Mbit/s, established at ${seconds(flow.establishedUs)},` +
        ` resent ${percent(flow.resentShare)}, redundant ${percent(flow.redundantShare)}`,
      `    last ${JSON.stringify(flow.stats)}`,
    );
    for (let row = 0; row < Math.min(ROWS, times.length); row++) {
      const at = Math.floor((row * times.length) / Math.min(ROWS, times.length));
      const phase = trace.phases.findLast(({ atUs }) => atUs <= times[at]!)?.phase;
      lines.push(
        `    ${seconds(times[at]!)} acked ${megabytes(trace.ackedBytes.values[at]!)}` +
          ` window ${megabytes(trace.windowBytes.values[at]!)} flight ${megabytes(trace.bytesInFlight.values[at]!)}` +
          ` pacing ${megabytes(trace.pacingRate.values[at]!)}/s` +
          ` rtt ${(trace.smoothedRttUs.values[at]! / 1000).toFixed(1)} ms ${phase}`,
      );
    }
  });
  return lines.join('\n');
}

function seconds(us: number): string {
  return `${(us / 1e6).toFixed(3)} s`.padStart(10);
}

function inMs(us: number): string {
  return `${(us / 1000).toFixed(1)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(3)} MB`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
