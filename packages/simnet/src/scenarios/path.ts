import type { LinkOptions } from '../link-options.ts';

type LinkData = Omit<LinkOptions, 'name'>;

export const MIB: number = 2 ** 20;
export const MEGABIT: number = 1e6 / 8;

export interface PathOptions {
  rateBytesPerSecond: number;
  rttMs: number;
  /** Random loss on the way of the data. Default 0. */
  lossShare?: number;
  /** Queue of the bottleneck, in bandwidth-delay products, though never less than 32 packets. Default 1. */
  queueBdp?: number;
  /** What else the way of the data and the way back do. */
  forward?: Partial<LinkData>;
  backward?: Partial<LinkData>;
}

/** A path with equal rate and half of the round trip each way; the links of a `Scenario`. */
export function path(options: PathOptions): { forward: LinkData; backward: LinkData } {
  const { rateBytesPerSecond, rttMs, lossShare = 0, queueBdp = 1 } = options;
  const queueBytes = Math.max(48_000, (queueBdp * rateBytesPerSecond * rttMs) / 1000);
  const link: LinkData = { rateBytesPerSecond, queueBytes, delayUs: rttMs * 500 };
  return {
    forward: {
      ...link,
      ...(lossShare > 0 && { loss: [{ kind: 'bernoulli', share: lossShare }] }),
      ...options.forward,
    },
    backward: { ...link, ...options.backward },
  };
}
