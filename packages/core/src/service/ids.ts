import { randomBytes } from 'node:crypto';

/** Of any object of the service: 32 hex digits, not to be guessed. */
export function newId(): string {
  return randomBytes(16).toString('hex');
}
