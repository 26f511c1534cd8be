/** Prints the figures of docs/CONGESTION.md: `npm run figures` in packages/congestion. */
import { BbrV1 } from './bbr-v1.ts';
import {
  duel,
  jainIndex,
  measureOutage,
  measureShares,
  measureStartUp,
  measureSteady,
  measureStep,
} from './measure.ts';
import type { PathOptions } from './path.ts';
import { policyController } from './policy-controller.ts';
import { ungatedBbr } from './ungated-bbr.ts';

function table(
  title: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const text = (cell: string | number) => (typeof cell === 'number' ? cell.toFixed(2) : cell);
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(text).join(' | ')} |`;
  console.log(`\n${title}\n`);
  console.log([line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n'));
}

const mbit = (rate: number) => `${rate} Mbit/s`;
const percent = (part: number) => `${(100 * part).toFixed(1)} %`;

table(
  'Start-up, buffer 4 BDP',
  ['link', 'RTT', 'BBR: round trips to 90 %', 's', 'max queue, BDP', 'CUBIC: round trips', 'max queue, BDP'],
  [10, 100, 1_000].flatMap((mbitPerSecond) =>
    [10, 100, 300].map((rttMs) => {
      const path: PathOptions = { mbitPerSecond, rttMs, bufferBdp: 4 };
      const bbr = measureStartUp(path);
      const cubic = measureStartUp({ ...path, controllers: ['cubic'] });
      return [
        mbit(mbitPerSecond),
        `${rttMs} ms`,
        bbr.roundTrips,
        bbr.seconds,
        bbr.maxQueueBdp,
        cubic.roundTrips,
        cubic.maxQueueBdp,
      ];
    }),
  ),
);

const losses = [0, 0.001, 0.01, 0.02, 0.05, 0.1];
table(
  'Random loss: goodput as a part of (1 − p) × link, 100 Mbit/s, buffer 1 BDP, seconds 10 to 40',
  ['RTT', 'controller', ...losses.map(percent)],
  [20, 100, 300].flatMap((rttMs) => {
    const row = (name: string, controllers: PathOptions['controllers']) => [
      `${rttMs} ms`,
      name,
      ...losses.map((loss) => {
        const path: PathOptions = { mbitPerSecond: 100, rttMs, loss, controllers: controllers! };
        return measureSteady(path, 10, 30).goodput / (1 - loss);
      }),
    ];
    return [row('bbr', ['bbr']), row('bbr, all loss counted', [ungatedBbr]), row('cubic', ['cubic'])];
  }),
);

table(
  'Buffers: 100 Mbit/s, 100 ms, seconds 10 to 60',
  ['buffer, BDP', 'controller', 'goodput', 'loss', 'queue p50, BDP', 'queue p95, BDP'],
  [0.05, 0.1, 0.5, 1, 4, 16].flatMap((bufferBdp) =>
    (['bbr', 'cubic'] as const).map((name) => {
      const path: PathOptions = { mbitPerSecond: 100, rttMs: 100, bufferBdp, controllers: [name] };
      const steady = measureSteady(path, 10, 50);
      return [
        String(bufferBdp),
        name,
        steady.goodput,
        percent(steady.lossRate),
        steady.queueMedianBdp,
        steady.queueP95Bdp,
      ];
    }),
  ),
);

table(
  'Rate steps after 20 s: 50 Mbit/s, 100 ms',
  ['factor', 'buffer, BDP', 'seconds to 90 % of the new rate', 'seconds until pace and queue have settled'],
  [0.1, 0.5, 2, 10].flatMap((factor) =>
    [1, 4].map((bufferBdp) => {
      const step = measureStep({ mbitPerSecond: 50, rttMs: 100, bufferBdp }, factor);
      return [
        String(factor),
        String(bufferBdp),
        factor > 1 ? step.secondsToReach : '',
        factor < 1 ? step.secondsToSettle : '',
      ];
    }),
  ),
);

table(
  'Outages: 100 Mbit/s, seconds from the first ACK to 90 % of the link',
  ['RTT', 'outage', 'bbr', 'cubic'],
  [20, 100].flatMap((rttMs) =>
    [1, 5].map((seconds) => {
      const path: PathOptions = { mbitPerSecond: 100, rttMs };
      const cubic = measureOutage({ ...path, controllers: ['cubic'] }, seconds);
      return [`${rttMs} ms`, `${seconds} s`, measureOutage(path, seconds), cubic];
    }),
  ),
);

table(
  "Equal flows: Jain's index, 100 Mbit/s, 40 ms, seconds 40 to 80",
  ['flows', 'start', 'buffer 0.1 BDP', '0.5', '1', '4'],
  [2, 4].flatMap((flows) =>
    [0, 5].map((gap) => [
      String(flows),
      gap === 0 ? 'together' : `${gap} s apart`,
      ...[0.1, 0.5, 1, 4].map((bufferBdp) =>
        jainIndex(
          measureShares(
            {
              mbitPerSecond: 100,
              rttMs: 40,
              bufferBdp,
              controllers: Array.from({ length: flows }, () => 'bbr' as const),
              sender: (index) => ({ startUs: index * (gap * 1e6 + 37_000) }),
            },
            40,
            80,
          ),
        ),
      ),
    ]),
  ),
);

table(
  'BBR against CUBIC: part of what both got, 50 Mbit/s, seconds 60 to 120 (BBR first / CUBIC first)',
  ['RTT', 'buffer 0.1 BDP', '0.5', '1', '2', '4', '16'],
  [20, 50, 100].map((rttMs) => [
    `${rttMs} ms`,
    ...[0.1, 0.5, 1, 2, 4, 16].map((bufferBdp) => {
      const path = { mbitPerSecond: 50, rttMs, bufferBdp };
      const [bbr = 0, cubic = 0] = measureShares({ ...path, ...duel('bbr', 'cubic') }, 60, 120);
      const [earlier = 0, later = 0] = measureShares({ ...path, ...duel('cubic', 'bbr') }, 60, 120);
      return `${(bbr / (bbr + cubic)).toFixed(2)} / ${(later / (earlier + later)).toFixed(2)}`;
    }),
  ]),
);

table(
  "BBR against the kernel's BBR (version 1): part of what both got, 50 Mbit/s, seconds 30 to 90 (BBR first / the kernel's first)",
  ['RTT', 'buffer 0.1 BDP', '0.5', '1', '2', '4', '16'],
  [20, 50, 100].map((rttMs) => [
    `${rttMs} ms`,
    ...[0.1, 0.5, 1, 2, 4, 16].map((bufferBdp) => {
      const kernel = () => new BbrV1(1);
      const path = {
        mbitPerSecond: 50,
        rttMs,
        bufferBdp,
        sender: (index: number) => ({ startUs: index * 5e6 }),
      };
      const [bbr = 0, later = 0] = measureShares({ ...path, controllers: ['bbr', kernel] }, 30, 90);
      const [earlier = 0, own = 0] = measureShares({ ...path, controllers: [kernel, 'bbr'] }, 30, 90);
      return `${(bbr / (bbr + later)).toFixed(2)} / ${(own / (earlier + own)).toFixed(2)}`;
    }),
  ]),
);

table(
  'Two BBR flows of different round trips: parts of the link of the short and the long one, 50 Mbit/s, 20 ms and longer, seconds 30 to 90',
  ['ratio', 'buffer 0.5 BDP of the short one', '1', '4'],
  [2, 4, 10].map((ratio) => [
    `1:${ratio}`,
    ...[0.5, 1, 4].map((bufferBdp) => {
      const sender = (index: number) => ({
        rttUs: index === 0 ? 20_000 : 20_000 * ratio,
        startUs: index * 37_000,
      });
      const path: PathOptions = {
        mbitPerSecond: 50,
        rttMs: 20,
        bufferBdp,
        controllers: ['bbr', 'bbr'],
        sender,
      };
      return measureShares(path, 30, 90)
        .map((share) => share.toFixed(2))
        .join(' / ');
    }),
  ]),
);

table(
  'Queue management: 50 Mbit/s, 50 ms, buffer 8 BDP, seconds 10 to 40',
  ['queue', 'flows', 'goodput', 'loss', 'queue p95, ms', 'shares'],
  (
    [
      ['CoDel', { link: { codel: true } }],
      ['FQ-CoDel', { fairQueue: true }],
    ] as const
  ).flatMap(([name, queue]) =>
    ([['bbr'], ['cubic'], ['bbr', 'bbr'], ['bbr', 'cubic']] as const).map((controllers) => {
      const path: PathOptions = { mbitPerSecond: 50, rttMs: 50, bufferBdp: 8, ...queue, controllers };
      const steady = measureSteady(path, 10, 30);
      const shares = controllers.length === 1 ? [] : measureShares(path, 10, 40);
      return [
        name,
        controllers.join(' + '),
        steady.goodput,
        percent(steady.lossRate),
        steady.queueP95Bdp * 50,
        shares.map((share) => share.toFixed(2)).join(' / '),
      ];
    }),
  ),
);

table(
  'Many BBR flows in a small buffer: 100 Mbit/s, 40 ms, loss in seconds 20 to 60',
  ['flows', 'controller', 'buffer 0.05 BDP', '0.1', '0.25', '1'],
  [8, 16].flatMap((flows) => {
    const row = (name: string, controller: 'bbr' | typeof ungatedBbr) => [
      String(flows),
      name,
      ...[0.05, 0.1, 0.25, 1].map((bufferBdp) => {
        const controllers = Array.from({ length: flows }, () => controller);
        const sender = (index: number) => ({ startUs: index * 500_000 });
        const path = { mbitPerSecond: 100, rttMs: 40, bufferBdp, controllers, sender };
        return percent(measureSteady(path, 20, 40).lossRate);
      }),
    ];
    return [row('bbr', 'bbr'), row('bbr, all loss counted', ungatedBbr)];
  }),
);

table(
  'LEDBAT++ alone and beside others, 50 Mbit/s, seconds 30 to 60: part of what both got (LEDBAT++ first / last)',
  ['RTT', 'buffer, BDP', 'alone: goodput', 'loss', 'queue p95, ms', 'beside BBR', 'beside CUBIC'],
  [10, 40, 100].flatMap((rttMs) =>
    [0.1, 0.5, 1, 4].map((bufferBdp) => {
      const path = { mbitPerSecond: 50, rttMs, bufferBdp };
      const alone = measureSteady({ ...path, controllers: ['ledbat'] }, 30, 30);
      const beside = (rival: 'bbr' | 'cubic') => {
        const [first = 0, rivalLast = 0] = measureShares({ ...path, ...duel('ledbat', rival) }, 30, 60);
        const [rivalFirst = 0, last = 0] = measureShares({ ...path, ...duel(rival, 'ledbat') }, 30, 60);
        return `${(first / (first + rivalLast)).toFixed(2)} / ${(last / (last + rivalFirst)).toFixed(2)}`;
      };
      const queueMs = (alone.queueP95Bdp * rttMs).toFixed(1);
      return [
        `${rttMs} ms`,
        String(bufferBdp),
        alone.goodput,
        percent(alone.lossRate),
        queueMs,
        beside('bbr'),
        beside('cubic'),
      ];
    }),
  ),
);

table(
  'The policy high: part of what both got, 50 Mbit/s, seconds 30 to 90 (high first / last)',
  ['RTT', 'controller', 'beside', 'buffer 0.1 BDP', '0.5', '1', '4'],
  [20, 100].flatMap((rttMs) =>
    (['bbr', 'cubic'] as const).flatMap((congestion) =>
      (['bbr', 'cubic'] as const).map((rival) => [
        `${rttMs} ms`,
        congestion,
        rival,
        ...[0.1, 0.5, 1, 4].map((bufferBdp) => {
          const high = () => policyController({ policy: 'high' }, congestion);
          const sender = (index: number) => ({ startUs: index * 5e6 });
          const path = { mbitPerSecond: 50, rttMs, bufferBdp, sender };
          const [first = 0, rivalLast = 0] = measureShares({ ...path, controllers: [high, rival] }, 30, 90);
          const [rivalFirst = 0, last = 0] = measureShares({ ...path, controllers: [rival, high] }, 30, 90);
          return `${(first / (first + rivalLast)).toFixed(2)} / ${(last / (last + rivalFirst)).toFixed(2)}`;
        }),
      ]),
    ),
  ),
);
