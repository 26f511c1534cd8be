import { createInterface } from 'node:readline/promises';

/** Asks at the terminal. Only "yes" is yes; the signal ends the question. */
export async function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${question} (yes/no)? `, { signal });
    return /^(y|yes)$/i.test(answer.trim());
  } catch {
    return false;
  } finally {
    prompt.close();
  }
}
