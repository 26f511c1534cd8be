import { JetStreamError, MAX_RATE_BYTES_PER_SECOND, MIN_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';

const UNIT_BITS: Record<string, number> = { b: 1, k: 1e3, m: 1e6, g: 1e9 };

/**
 * A rate as the user writes it: a number and B, K, M or G bits per second (powers of 1,000); no unit means M.
 * @returns bits per second
 * @throws JetStreamError `invalid-argument`
 */
export function parseBitRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)([bkmg]?)$/i.exec(text.trim());
  const bitsPerSecond = match ? Number(match[1]) * UNIT_BITS[(match[2] || 'm').toLowerCase()]! : 0;
  if (bitsPerSecond < 8 * MIN_RATE_BYTES_PER_SECOND || bitsPerSecond > 8 * MAX_RATE_BYTES_PER_SECOND) {
    throw new JetStreamError(
      'invalid-argument',
      `"${text}" is no rate: give a number and B, K, M or G bits per second, 8K to 8000G, such as 250M or 1.5G`,
      { subject: text },
    );
  }
  return bitsPerSecond;
}
