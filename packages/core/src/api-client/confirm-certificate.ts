import { createInterface } from 'node:readline/promises';

/** Asks at the terminal whether to trust a server not seen before. Only "yes" is yes. */
export async function confirmCertificate(
  { name, fingerprint }: { name: string; fingerprint: string },
  signal: AbortSignal,
): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(
      `The API of ${name} is not known. Its certificate is ${fingerprint}.\nConnect, and remember it (yes/no)? `,
      { signal },
    );
    return /^(y|yes)$/i.test(answer.trim());
  } catch {
    return false;
  } finally {
    prompt.close();
  }
}
