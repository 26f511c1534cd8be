import type { CongestionName } from '@jetstream/transport';
import type { Scenario } from '../scenario.ts';
import {
  cubicRateBytesPerSecond,
  expectedCompletionUs,
  expectedResentShare,
  startupUs,
} from './expected-time.ts';
import { MEGABIT, MIB, path } from './path.ts';

interface Cell {
  rateMbit: number;
  rttMs: number;
  lossShare: number;
  bytes: number;
  congestion: CongestionName;
}

function cellName({ congestion, rateMbit, rttMs, lossShare }: Cell): string {
  return `${congestion} ${rateMbit} Mbit/s ${rttMs} ms ${lossShare * 100} % loss`;
}

function cell(of: Cell): Scenario {
  const figures = {
    bytes: of.bytes,
    rateBytesPerSecond: of.rateMbit * MEGABIT,
    rttUs: of.rttMs * 1000,
    lossShare: of.lossShare,
  };
  return {
    name: cellName(of),
    about: `${of.bytes / MIB} MiB over a bottleneck with a queue of one bandwidth-delay product and random loss`,
    ...path({ ...figures, rttMs: of.rttMs }),
    flows: [{ congestion: of.congestion, transfer: { bytes: of.bytes } }],
    bounds: of.congestion === 'bbr' ? bbrBounds(figures) : cubicBounds(figures),
  };
}

/** By so many rounds after the doublings the queue that start-up left has drained. */
const QUEUE_FREE_ROUNDS = 14;

type Figures = Parameters<typeof startupUs>[0];

/** Loss costs BBR its own bytes only; its queue stays well below the one that a loss-based controller would keep. */
function bbrBounds(figures: Figures): Scenario['bounds'] {
  const { rttUs } = figures;
  return {
    completionUs: expectedCompletionUs(figures),
    neverHeldBy: ['peer-credit', 'peer-storage', 'cpu'],
    resentShare: expectedResentShare(figures, 0.5),
    redundantShare: 0.005,
    steadyFromUs: startupUs({ ...figures, slackRounds: QUEUE_FREE_ROUNDS }),
    queueTimeP95Us: 0.35 * rttUs + 3000,
  };
}

function cubicBounds(figures: Figures): Scenario['bounds'] {
  const { lossShare, rttUs, rateBytesPerSecond } = figures;
  const possible = lossShare === 0 ? rateBytesPerSecond : cubicRateBytesPerSecond(rttUs, lossShare);
  return {
    completionUs: expectedCompletionUs({
      ...figures,
      rateBytesPerSecond: Math.min(rateBytesPerSecond, possible),
      steadyShare: 0.6,
      slackRounds: 20,
    }),
    resentShare: expectedResentShare(figures, 3),
    redundantShare: 0.005,
  };
}

const LOSS_SHARES = [0, 0.001, 0.01, 0.05];

/** A few seconds' worth of the link, and enough round trips to see a steady state. */
export const BBR_LOSS_MATRIX: readonly Scenario[] = [
  { rateMbit: 100, rttMs: 10, bytes: 40 * MIB },
  { rateMbit: 100, rttMs: 100, bytes: 64 * MIB },
  { rateMbit: 100, rttMs: 300, bytes: 112 * MIB },
  { rateMbit: 1000, rttMs: 10, bytes: 192 * MIB },
  { rateMbit: 1000, rttMs: 100, bytes: 384 * MIB },
  { rateMbit: 1000, rttMs: 300, bytes: 640 * MIB },
].flatMap((row) => LOSS_SHARES.map((lossShare) => cell({ ...row, lossShare, congestion: 'bbr' })));

/** Sizes fit what CUBIC can do at such loss: some tens of seconds of virtual time. */
export const CUBIC_LOSS_MATRIX: readonly Scenario[] = [
  { rateMbit: 100, rttMs: 10, lossShare: 0, bytes: 40 * MIB },
  { rateMbit: 100, rttMs: 100, lossShare: 0, bytes: 48 * MIB },
  { rateMbit: 1000, rttMs: 100, lossShare: 0, bytes: 192 * MIB },
  { rateMbit: 100, rttMs: 10, lossShare: 0.001, bytes: 64 * MIB },
  { rateMbit: 100, rttMs: 100, lossShare: 0.001, bytes: 32 * MIB },
  { rateMbit: 100, rttMs: 100, lossShare: 0.01, bytes: 4 * MIB },
].map((row) => cell({ ...row, congestion: 'cubic' }));
