import { readFileSync } from 'node:fs';
import { AeadAlgorithm } from '@jetstream/protocol';

/**
 * Algorithms best first: AES where the processor has instructions for it, as nearly all have, else ChaCha20.
 * @param processors what Linux says of them in /proc/cpuinfo; undefined where nothing is known
 */
export function preferredAlgorithms(
  processors: string | undefined = describeProcessors(),
): readonly AeadAlgorithm[] {
  const { Aes256Gcm, Aes128Gcm, ChaCha20Poly1305 } = AeadAlgorithm;
  const features = /^(?:flags|Features)\s*:(.*)$/m.exec(processors ?? '')?.[1];
  return features !== undefined && !/\baes\b/.test(features)
    ? [ChaCha20Poly1305, Aes256Gcm, Aes128Gcm]
    : [Aes256Gcm, Aes128Gcm, ChaCha20Poly1305];
}

function describeProcessors(): string | undefined {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return undefined;
  }
}
