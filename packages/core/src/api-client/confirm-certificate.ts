import { askYesNo } from '../ask-yes-no.ts';

/** Asks at the terminal whether to trust a server not seen before. */
export function confirmCertificate(
  { name, fingerprint }: { name: string; fingerprint: string },
  signal: AbortSignal,
): Promise<boolean> {
  return askYesNo(
    `The API of ${name} is not known. Its certificate is ${fingerprint}.\nConnect, and remember it`,
    signal,
  );
}
