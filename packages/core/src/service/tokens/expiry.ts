import { JetStreamError } from '@jetstream/protocol';

const UNIT_US: Record<string, number> = { m: 60e6, h: 3_600e6, d: 86_400e6, w: 604_800e6 };

/**
 * When a token ends, µs since the Unix epoch; null: never.
 * @param given a time, or how long from now as in `3d` (m, h, d, w)
 * @throws JetStreamError `invalid-argument` for a time that is over, or that no number of the API can tell
 */
export function expiryOf(
  { expiryTime, lifetime }: { expiryTime?: number | undefined; lifetime?: string | undefined },
  nowUs: number,
): number | null {
  if (lifetime !== undefined) {
    const endUs = nowUs + Number(lifetime.slice(0, -1)) * UNIT_US[lifetime.slice(-1)]!;
    if (Number.isSafeInteger(endUs)) return endUs;
    throw new JetStreamError('invalid-argument', 'lifetime is too long', { subject: 'lifetime' });
  }
  if (expiryTime === undefined) return null;
  if (expiryTime > nowUs) return expiryTime;
  throw new JetStreamError('invalid-argument', 'expiryTime is over already', { subject: 'expiryTime' });
}
