import { median } from '../figures/statistics.ts';
import { listing } from '../runs/api-list.ts';
import { polling } from '../runs/api-polling.ts';
import { atMost, type FiguresCase, type FiguresResults } from './case.ts';

export const API: readonly FiguresCase[] = [
  {
    kind: 'figures',
    name: 'api-list',
    title: '10,000 stored transfers, listed over the API by a client on the same machine',
    measure: (work) => listing(10_000, work),
    bounds: [
      {
        what: 'one list of all, median',
        unit: 's',
        bound: atMost(0.2),
        stretch: atMost(0.1),
        of: (results) => middle(results, 'list, median, s'),
      },
    ],
  },
  {
    kind: 'figures',
    name: 'api-polling',
    title: 'a copy at 1 Gbit/s while 200 API clients ask the receiver once a second, on one machine',
    inMemory: true,
    measure: (work) => polling({ clients: 200, rate: '1G', mebibytes: 1_024 }, work),
    bounds: [
      {
        what: 'rate lost by the copy',
        unit: 'share',
        bound: atMost(0.05),
        stretch: atMost(0.02),
        of: (results) => middle(results, 'rate lost, share'),
      },
    ],
  },
  {
    kind: 'figures',
    name: 'trial-api',
    title: '20 transfers listed, 5 clients: does that measurement work here?',
    measure: async (work) => ({
      ...(await listing(20, work)),
      ...(await polling({ clients: 5, rate: '200M', mebibytes: 16 }, work)),
    }),
    bounds: [],
  },
];

function middle({ runs }: FiguresResults, name: string): number | undefined {
  const values = runs.flatMap(({ figures }) => figures?.[name] ?? []);
  return values.length === 0 ? undefined : median(values);
}
