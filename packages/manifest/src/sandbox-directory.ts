import { JetStreamError } from '@jetstream/protocol';
import { escapeName } from './escape-name.ts';
import { splitPath } from './path-components.ts';

/** Who logged in, as far as a sandbox directory may name it. */
export interface PathUser {
  /** `%u` */
  name: string;
  /** `%d` */
  domain?: string | undefined;
  /** `%f`: the name with its domain, where there is one. */
  fullName: string;
}

/**
 * Checks the form of a sandbox directory when the server starts: absolute, without `..`, and no placeholder but `%u` (user),
 * `%d` (domain), `%f` (full name) and `%%` (a percent sign).
 * @throws JetStreamError `invalid-argument`
 */
export function checkSandboxDirectory(template: string): void {
  const refuse = (what: string, cause?: unknown): never => {
    throw new JetStreamError('invalid-argument', `sandbox directory ${escapeName(template)}: ${what}`, {
      subject: template,
      cause,
    });
  };
  if (!template.startsWith('/')) refuse('give an absolute path');
  const unknown = /%.?/su.exec(template.replaceAll(PLACEHOLDER, ''));
  if (unknown) refuse(`${escapeName(unknown[0])} is unknown; use %u, %d, %f or %%`);
  try {
    splitPath(template);
  } catch (error) {
    refuse('it may not hold "..", NUL or names that are too long', error);
  }
}

/**
 * The sandbox directory of one user: its components below "/". A value that could lead elsewhere (empty, `.`, `..`, with `/` or NUL)
 * is refused, so that no account name opens another's directory.
 * @throws JetStreamError `path-refused`, `name-invalid`, or `invalid-argument` when the template itself is wrong
 */
export function expandSandboxDirectory(template: string, user: PathUser): string[] {
  checkSandboxDirectory(template);
  return splitPath(
    template
      .split('/')
      .map((component) => expandComponent(component, user))
      .join('/'),
  );
}

/**
 * How many leading components of a sandbox directory are the administrator's alone. From the first one that names the user on,
 * the user may own a directory on the way and so must not be able to lead elsewhere by a symlink.
 */
export function fixedComponents(template: string): number {
  const components = splitPath(template);
  const first = components.findIndex((component) => /%[udf]/.test(component.replaceAll('%%', '')));
  return first === -1 ? components.length : first;
}

const PLACEHOLDER = /%[udf%]/g;

function expandComponent(component: string, user: PathUser): string {
  const expanded = component.replaceAll(PLACEHOLDER, (placeholder) => {
    if (placeholder === '%%') return '%';
    const value = { '%u': user.name, '%d': user.domain, '%f': user.fullName }[placeholder];
    if (!isPlainName(value)) throw refused(placeholder, value);
    return value;
  });
  if (expanded !== component && !isPlainName(expanded)) throw refused(component, expanded);
  return expanded;
}

function isPlainName(value: string | undefined): value is string {
  return value !== undefined && value !== '' && value !== '.' && value !== '..' && !/[/\0]/.test(value);
}

function refused(placeholder: string, value: string | undefined): JetStreamError {
  const what = value === undefined || value === '' ? 'empty' : `"${escapeName(value)}"`;
  return new JetStreamError(
    'path-refused',
    `the sandbox directory's ${escapeName(placeholder)} would be ${what}; this account cannot be used with it`,
  );
}
