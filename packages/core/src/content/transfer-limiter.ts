import { TransferLimiter } from '@jetstream/protocol';
import type { Limiter } from '@jetstream/transport';
import type { LimiterName } from '../contract.ts';

/** What a sender's transport found, as the application hears of it (docs/ARCHITECTURE.md has the table). */
export const LIMITER_NAMES: Readonly<Record<Limiter, LimiterName | undefined>> = {
  congestion: 'network',
  'pacing-cap': 'rate cap',
  'peer-storage': "receiver's disk",
  'peer-credit': "peer's window",
  application: "sender's disk",
  cpu: 'CPU',
  none: undefined,
};

const WIRE: Readonly<Record<LimiterName, TransferLimiter>> = {
  network: TransferLimiter.NETWORK,
  'rate cap': TransferLimiter.RATE_CAP,
  "receiver's disk": TransferLimiter.RECEIVERS_DISK,
  "peer's window": TransferLimiter.RECEIVERS_WINDOW,
  "sender's disk": TransferLimiter.SENDERS_DISK,
  CPU: TransferLimiter.SENDERS_CPU,
};
const NAMES = Object.keys(WIRE) as LimiterName[];

export function limiterToWire(limiter: LimiterName | undefined): TransferLimiter {
  return limiter === undefined ? TransferLimiter.UNSPECIFIED : WIRE[limiter];
}

/** undefined: nothing is known, or nothing holds the transfer. */
export function limiterFromWire(limiter: TransferLimiter): LimiterName | undefined {
  return NAMES.find((name) => WIRE[name] === limiter);
}
