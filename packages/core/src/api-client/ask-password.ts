import type { ReadStream } from 'node:tty';
import { JetStreamError } from '@jetstream/protocol';

const MAX_CHARACTERS = 1_024;
const ENTER = ['\r', '\n', '\u0004'];
const ERASE = ['\u0008', '\u007f'];
const INTERRUPT = '\u0003';

/**
 * Asks at the terminal, and shows nothing of what is typed.
 * @throws JetStreamError `cancelled` on Ctrl-C, or when the terminal goes away
 */
export async function askPassword(
  question: string,
  input: ReadStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  output.write(question);
  input.setRawMode(true);
  input.setEncoding('utf8');
  try {
    return await readLine(input);
  } finally {
    input.setRawMode(false);
    input.pause();
    output.write('\n');
  }
}

function readLine(input: ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const stop = () => {
      input.removeListener('data', take);
      input.removeListener('end', cancel);
    };
    const cancel = () => {
      stop();
      reject(new JetStreamError('cancelled', 'cancelled'));
    };
    const take = (text: string) => {
      for (const character of text) {
        if (character === INTERRUPT) return cancel();
        if (ENTER.includes(character)) {
          stop();
          return resolve(typed.join(''));
        }
        if (ERASE.includes(character)) typed = typed.slice(0, -1);
        else if (typed.length < MAX_CHARACTERS) typed.push(character);
      }
    };
    input.on('data', take);
    input.once('end', cancel);
    input.resume();
  });
}
