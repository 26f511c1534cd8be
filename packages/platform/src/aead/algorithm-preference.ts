import { readFileSync } from 'node:fs';
import { AeadAlgorithm } from '@jetstream/protocol';

/** Algorithms best first: AES where the processor has instructions for it, as nearly all have, else ChaCha20. */
export function preferredAlgorithms(): readonly AeadAlgorithm[] {
  const { Aes256Gcm, Aes128Gcm, ChaCha20Poly1305 } = AeadAlgorithm;
  return processorLacksAes()
    ? [ChaCha20Poly1305, Aes256Gcm, Aes128Gcm]
    : [Aes256Gcm, Aes128Gcm, ChaCha20Poly1305];
}

function processorLacksAes(): boolean {
  try {
    const features = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
    return features !== undefined && !/\baes\b/.test(features);
  } catch {
    return false;
  }
}
