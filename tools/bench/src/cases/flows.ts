import { shareOfFirst, total } from '../figures/flow-rates.ts';
import { jainIndex, median } from '../figures/statistics.ts';
import type { WanPath } from '../figures/wan-path.ts';
import type { FlowsResult } from '../runs/flows-once.ts';
import { atLeast, type Bound, between, type FlowGroup, type FlowsCase, type FlowsResults } from './case.ts';

const PATH: WanPath = { rateMbitPerSecond: 100, roundTripMs: 100, queueBdp: 1, lossPercent: 0 };
const OWN = 'jetstream';
const JAIN_FROM_SECOND = 20;

const BESIDE: readonly FlowGroup[] = [
  { label: 'beside-bbr', flows: [OWN, 'iperf-bbr'] },
  { label: 'beside-cubic', flows: [OWN, 'iperf-cubic'] },
  { label: 'beside-both', flows: [OWN, 'iperf-bbr', 'iperf-cubic'] },
];
const TOGETHER: readonly FlowGroup[] = [
  { label: 'two', flows: Array.from({ length: 2 }, () => OWN) },
  { label: 'four', flows: Array.from({ length: 4 }, () => OWN) },
];

export const FLOWS: readonly FlowsCase[] = [
  {
    kind: 'flows',
    name: 'fair',
    title: 'jscp beside TCP of the kernel for 60 s, on 100 Mbit/s, 100 ms, queue 1 BDP',
    path: PATH,
    inMemory: true,
    seconds: 60,
    fromSecond: 0,
    groups: BESIDE,
    bounds: BESIDE.map((group) => ({
      what: `${group.label}: share of jscp`,
      unit: 'share',
      bound: between(0.25, 0.75),
      stretch: between(0.4, 0.6),
      of: (results) => medianOf(results, group, ({ bytesPerSecond }) => shareOfFirst(bytesPerSecond)),
    })),
  },
  {
    kind: 'flows',
    name: 'jain',
    title: `two and four jscp at once, on 100 Mbit/s, 100 ms, queue 1 BDP: seconds ${JAIN_FROM_SECOND} to 40`,
    path: PATH,
    inMemory: true,
    seconds: 40,
    fromSecond: JAIN_FROM_SECOND,
    groups: TOGETHER,
    bounds: TOGETHER.map(
      (group): Bound<FlowsResults> => ({
        what: `${group.label}: Jain's index`,
        unit: 'index',
        bound: atLeast(0.9),
        stretch: atLeast(0.95),
        of: (results) =>
          medianOf(results, group, ({ bytesPerSecond }) =>
            jainIndex(bytesPerSecond.map((flow) => total(flow, JAIN_FROM_SECOND))),
          ),
      }),
    ),
  },
];

function medianOf(
  { runs }: FlowsResults,
  { label }: FlowGroup,
  figure: (result: FlowsResult) => number,
): number | undefined {
  const ran = runs.filter(({ group, result }) => group.label === label && result.outcome === 'ran');
  return ran.length === 0 ? undefined : median(ran.map(({ result }) => figure(result)));
}
