import { createInterface } from 'node:readline/promises';
import { printable } from './printable.ts';

/** Asks at the terminal whether to trust a host not seen before. Only "yes" is yes. */
export async function confirmHost(
  host: { name: string; fingerprint: string },
  signal: AbortSignal,
): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(
      `The host ${printable(host.name)} is not known. Its key is ${printable(host.fingerprint)}.\n` +
        'Connect, and remember it (yes/no)? ',
      { signal },
    );
    return /^(y|yes)$/i.test(answer.trim());
  } catch {
    return false;
  } finally {
    prompt.close();
  }
}
