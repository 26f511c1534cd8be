import { drawPanels, type Line } from '@jetstream/simnet';
import type { PathSeries } from '../figures/wan-figures.ts';

/** Intervals of the series that a point of the rate is the mean of, which else shows the steps of the emulation. */
const RATE_SPAN = 5;

/** Rate, round trip and queue of a copy over time: an SVG document. */
export function copyPlot(title: string, { stepMs, ...series }: PathSeries): string {
  const line = (label: string, values: readonly number[], span = 1): Line[] => [
    { label, times: values.map((_, index) => (index + 1) * span * stepMs * 1000), values },
  ];
  const { deliveredMbitPerSecond, roundTripMs = [], queueMs = [] } = series;
  const panels = [
    {
      title: 'rate behind the bottleneck, Mbit/s',
      lines: line('delivered', means(deliveredMbitPerSecond, RATE_SPAN), RATE_SPAN),
    },
    { title: 'round trip: propagation and both queues, ms', lines: line('round trip', roundTripMs) },
    { title: 'queue before the bottleneck, ms', lines: line('queue', queueMs) },
  ];
  const used = panels.filter(({ lines }) => lines[0]!.values.length > 0);
  return drawPanels(title, used, Math.max(1, deliveredMbitPerSecond.length * stepMs * 1000));
}

/** Of each `span` neighbours; a rest at the end is left out. */
export function means(values: readonly number[], span: number): number[] {
  return Array.from({ length: Math.floor(values.length / span) }, (_, index) => {
    const neighbours = values.slice(index * span, (index + 1) * span);
    return neighbours.reduce((sum, value) => sum + value, 0) / span;
  });
}
