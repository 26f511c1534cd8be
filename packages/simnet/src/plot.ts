import { drawPanels, type Line, type Panel } from './panels.ts';
import type { TimeSeries } from './time-series.ts';
import type { FlowReport, ScenarioReport } from './transfer/transfer-report.ts';

/** Draws rate, window, round trip and queue of a run over virtual time: an SVG document of its own. */
export function plotReport(report: ScenarioReport): string {
  const panels: Panel[] = [
    {
      title: 'acknowledged and paced rate, Mbit/s',
      lines: perFlow(report, (flow) => [
        { label: 'acked', ...slope(flow.trace.ackedBytes, 8e-6) },
        { label: 'pacing', ...scaled(flow.trace.pacingRate, 8e-6) },
      ]),
    },
    {
      title: 'window and bytes in flight, MB',
      lines: perFlow(report, (flow) => [
        { label: 'window', ...scaled(flow.trace.windowBytes, 1e-6) },
        { label: 'in flight', ...scaled(flow.trace.bytesInFlight, 1e-6) },
      ]),
    },
    {
      title: 'round-trip time, ms',
      lines: perFlow(report, (flow) => [
        { label: 'latest', ...scaled(flow.trace.latestRttUs, 1e-3) },
        { label: 'smoothed', ...scaled(flow.trace.smoothedRttUs, 1e-3) },
      ]),
    },
    {
      title: 'time in the queue of the bottleneck, ms',
      lines: [{ label: 'queue', ...scaled(report.forward.queueTimeUs, 1e-3) }],
    },
  ];
  const endUs = Math.max(
    1,
    ...report.flows.map((flow) => flow.startUs + Math.min(flow.durationUs, report.virtualUs)),
  );
  return drawPanels(`${report.scenario}, seed ${report.seed}`, panels, endUs);
}

function perFlow(report: ScenarioReport, linesOf: (flow: FlowReport) => Line[]): Line[] {
  return report.flows.flatMap((flow, index) =>
    linesOf(flow).map((line) =>
      report.flows.length === 1 ? line : { ...line, label: `${line.label} ${index}` },
    ),
  );
}

function scaled(series: TimeSeries, factor: number): { times: Float64Array; values: Float64Array } {
  return { times: series.times, values: series.values.map((value) => value * factor) };
}

/** Change per second of a counter, over spans of a hundredth of its time. */
function slope(series: TimeSeries, factor: number): { times: number[]; values: number[] } {
  const { times, values } = series;
  const step = Math.max(1, Math.floor(times.length / 100));
  const line = { times: [] as number[], values: [] as number[] };
  for (let i = step; i < times.length; i += step) {
    line.times.push(times[i]!);
    line.values.push(((values[i]! - values[i - step]!) / (times[i]! - times[i - step]!)) * 1e6 * factor);
  }
  return line;
}
