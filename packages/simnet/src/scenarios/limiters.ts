import type { Limiter } from '@jetstream/transport';
import type { Scenario } from '../scenario.ts';
import type { TransferOptions } from '../transfer/transfer-party.ts';
import { MEGABIT, MIB, path } from './path.ts';

const PATH = path({ rateBytesPerSecond: 100 * MEGABIT, rttMs: 100 });
const BYTES = 32 * MIB;
/** A fifth of the path's rate: what holds it back is beyond doubt. */
const SLOW = 20 * MEGABIT;

function heldBy(
  limiter: Limiter,
  name: string,
  about: string,
  transfer: Partial<TransferOptions>,
  scenario: Partial<Scenario> = {},
): Scenario {
  return {
    name: `limiter: ${name}`,
    about,
    ...PATH,
    flows: [{ transfer: { bytes: BYTES, ...transfer } }],
    ...scenario,
    bounds: { completionUs: 60e6, limiter, redundantShare: 0.01 },
  };
}

/** One scenario for each thing that can hold a transfer. */
export const LIMITERS: readonly Scenario[] = [
  heldBy('congestion', 'network', 'both disks are faster than the path', {}),
  heldBy('pacing-cap', 'rate cap', 'a cap below the rate of the path', {
    ratePolicy: { policy: 'fair', capBytesPerSecond: SLOW },
  }),
  heldBy('peer-storage', "receiver's disk", 'a disk slower than the path closes the window', {
    consumeBytesPerSecond: SLOW,
    // The window takes 32 MiB ahead of the disk.
    bytes: 80 * MIB,
  }),
  heldBy(
    'peer-credit',
    "peer's window",
    'two blocks in a round trip of a second',
    { maxReceiveBlocks: 2 },
    {
      ...path({ rateBytesPerSecond: 100 * MEGABIT, rttMs: 1000 }),
    },
  ),
  heldBy('application', "sender's disk", 'a disk slower than the path has nothing to offer', {
    produceBytesPerSecond: SLOW,
  }),
];
