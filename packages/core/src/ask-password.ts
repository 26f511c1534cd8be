import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { JetStreamError } from '@jetstream/protocol';

/**
 * Asks at the terminal, which shows nothing of what is typed.
 * @throws JetStreamError `cancelled` upon Ctrl-C, Ctrl-D or the signal
 */
export function askPassword(question: string, signal: AbortSignal): Promise<string> {
  // readline sets the terminal to pass on each key without showing it, and shows it by itself: here to nobody.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  process.stderr.write(question);
  return new Promise<string>((resolve, reject) => {
    const cancel = () => prompt.close();
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    prompt.on('SIGINT', cancel);
    prompt.on('close', () => {
      signal.removeEventListener('abort', cancel);
      process.stderr.write('\n');
      // Settles only what the line has not.
      reject(new JetStreamError('cancelled', 'cancelled'));
    });
    prompt.once('line', (line) => {
      resolve(line);
      prompt.close();
    });
  });
}
