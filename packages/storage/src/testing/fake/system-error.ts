import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

export type Errno = Extract<keyof typeof constants.errno, `E${string}`>;

/** What Node throws when a system call fails so. */
export function systemError(errno: Errno, call: string): Error {
  const number = -constants.errno[errno];
  const [name, meaning] = getSystemErrorMap().get(number) ?? nameless(number);
  const error = new Error(`${name}: ${meaning}, ${call}`);
  return Object.assign(error, { code: name, errno: number, syscall: call });
}

/** Node names only the errors that its libuv knows: EDQUOT is none of them. */
function nameless(number: number): [string, string] {
  const text = `Unknown system error ${number}`;
  return [text, text];
}
