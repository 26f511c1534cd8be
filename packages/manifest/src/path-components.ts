import { JetStreamError, MAX_PATH_BYTES } from '@jetstream/protocol';
import { escapeName } from './escape-name.ts';

/** NAME_MAX of every common file system. */
export const MAX_COMPONENT_BYTES = 255;

/**
 * Splits a "/"-separated path into its components. `.` and repeated, leading and trailing slashes mean nothing; a backslash
 * is an ordinary character. The result may be empty.
 * @throws JetStreamError `path-refused` for `..` anywhere, also where it would stay inside; `name-invalid` for NUL, a lone
 * surrogate, a component over 255 bytes or a path over 4,096 bytes (UTF-8)
 */
export function splitPath(path: string): string[] {
  checkPathLength(path);
  if (path.includes('\0')) throw invalid(path, 'holds a NUL character; rename it');
  if (LONE_SURROGATE.test(path)) throw invalid(path, 'is not valid Unicode; rename it');
  const components: string[] = [];
  for (const component of path.split('/')) {
    if (component === '' || component === '.') continue;
    if (component === '..') {
      throw new JetStreamError(
        'path-refused',
        `${escapeName(path)}: ".." is refused; give a path without it`,
        {
          subject: path,
        },
      );
    }
    if (utf8Exceeds(component, MAX_COMPONENT_BYTES)) {
      throw invalid(path, `has a name longer than ${MAX_COMPONENT_BYTES} bytes; shorten it`);
    }
    components.push(component);
  }
  return components;
}

/**
 * @param beneath what lies above it at this machine, and is nobody's business; it counts all the same
 * @throws JetStreamError `name-invalid` for a path over 4,096 bytes
 */
export function checkPathLength(path: string, beneath = ''): void {
  if (!utf8Exceeds(beneath + path, MAX_PATH_BYTES)) return;
  const before = beneath === '' ? '' : " with the server's own directory before it";
  throw invalid(path, `is longer than ${MAX_PATH_BYTES} bytes${before}; shorten it`);
}

/**
 * Whether it is a component as it is, and its length is no matter: `splitPath` would give it back.
 * @param name without "/"
 */
export function isShortComponent(name: string): boolean {
  const isName = name !== '' && name !== '.' && name !== '..' && !name.includes('\0');
  return isName && name.length * 3 <= MAX_COMPONENT_BYTES && !LONE_SURROGATE.test(name);
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function utf8Exceeds(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || Buffer.byteLength(text) > maxBytes;
}

function invalid(path: string, what: string): JetStreamError {
  return new JetStreamError('name-invalid', `${escapeName(path)}: the path ${what}`, { subject: path });
}
