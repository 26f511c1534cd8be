import { askYesNo } from '@jetstream/core';
import { printable } from './printable.ts';

/** Asks at the terminal whether to trust a host not seen before. */
export function confirmHost(
  { name, fingerprint }: { name: string; fingerprint: string },
  signal: AbortSignal,
): Promise<boolean> {
  return askYesNo(
    `The host ${printable(name)} is not known. Its key is ${printable(fingerprint)}.\nConnect, and remember it`,
    signal,
  );
}
