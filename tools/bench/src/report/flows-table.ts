import { drawPanels } from '@jetstream/simnet';
import type { FlowsCase, FlowsResults } from '../cases/case.ts';
import { total } from '../figures/flow-rates.ts';
import { jainIndex, quantile } from '../figures/statistics.ts';
import type { FlowsRound } from '../runs/run-flows.ts';
import { markdownTable } from './markdown-table.ts';

/** A line for each run: rates over the seconds that count. */
export function flowsTable({ fromSecond, seconds }: FlowsCase, { runs }: FlowsResults): string {
  const head = ['', 'run', 'Mbit/s', "Jain's index", 'lowest of a second', 'queue p50, p95'];
  const rows = runs.map(({ group, result }, index) => {
    const run = String(runs.slice(0, index + 1).filter((each) => each.group === group).length);
    if (result.outcome === 'failed') return [group.label, run, `failed: ${result.why}`];
    const flows = result.bytesPerSecond;
    const rates = flows.map((flow) => (total(flow, fromSecond) * 8) / (seconds - fromSecond) / 1e6);
    const ofSeconds = Array.from({ length: seconds - fromSecond }, (_, second) =>
      jainIndex(flows.map((flow) => flow[fromSecond + second]!)),
    );
    const queueMs = result.series?.queueMs ?? [];
    return [
      ...[group.label, run],
      group.flows.map((name, flow) => `${name} ${rates[flow]!.toFixed(1)}`).join(', '),
      jainIndex(rates).toFixed(3),
      Math.min(...ofSeconds).toFixed(3),
      `${quantile(queueMs, 0.5).toFixed(0)}, ${quantile(queueMs, 0.95).toFixed(0)} ms`,
    ];
  });
  return markdownTable(head, rows);
}

/** Rates and queue over time: an SVG document. */
export function flowsPlot(title: string, { group, result }: FlowsRound): string {
  const seconds = result.bytesPerSecond[0]?.length ?? 0;
  const { stepMs = 1, queueMs = [] } = result.series ?? {};
  const rates = result.bytesPerSecond.map((flow, index) => ({
    label: `${group.flows[index]} ${index + 1}`,
    times: flow.map((_, second) => (second + 1) * 1e6),
    values: flow.map((bytes) => (bytes * 8) / 1e6),
  }));
  const queue = {
    label: 'queue',
    times: queueMs.map((_, index) => (index + 1) * stepMs * 1000),
    values: queueMs,
  };
  const panels = [
    { title: 'rates, Mbit/s', lines: rates },
    { title: 'queue before the bottleneck, ms', lines: [queue] },
  ];
  return drawPanels(title, panels, Math.max(1, seconds * 1e6));
}
