import { JetStreamError } from '@jetstream/protocol';
import type { FileName } from './contract.ts';

const SLASH = 0x2f;
const DOT = 0x2e;
/** Text that has no UTF-8 form. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Refuses whatever is not exactly one component of a path, so that a name can never lead anywhere by itself. */
export function checkFileName(name: FileName): void {
  const valid = typeof name === 'string' ? isComponentText(name) : isComponentBytes(name);
  if (valid) return;
  const shown = JSON.stringify(typeof name === 'string' ? name : name.toString('latin1'));
  throw new JetStreamError('name-invalid', `${shown} is not the name of a file`, { subject: shown });
}

/** `location/name` as `node:fs` takes it. */
export function childPath(location: string, name: FileName): FileName {
  return typeof name === 'string'
    ? `${location}/${name}`
    : Buffer.concat([Buffer.from(`${location}/`), name]);
}

/** Components as one relative path, for messages. */
export function showPath(components: readonly FileName[]): string {
  return components.map((name) => name.toString()).join('/');
}

function isComponentText(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false;
  if (process.platform === 'win32' && /[\\:]/.test(name)) return false;
  return !name.includes('/') && !name.includes('\0') && !LONE_SURROGATE.test(name);
}

function isComponentBytes(name: Buffer): boolean {
  if (process.platform === 'win32') return isComponentText(name.toString());
  if (name.length === 0 || name.includes(SLASH) || name.includes(0)) return false;
  return !(name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT)));
}
