import { JetStreamError } from '@jetstream/protocol';
import { isLink, parseSharedLink, type SharedLink } from './shared-link.ts';

/** A path of this machine. */
export interface LocalOperand {
  kind: 'local';
  path: string;
}

/** `[user@]host:path`; an IPv6 address stands in brackets. The brackets are not part of `host`. */
export interface RemoteOperand {
  kind: 'remote';
  user: string | undefined;
  host: string;
  path: string;
}

/** `jetstream://host/download?token=…` */
export interface LinkOperand {
  kind: 'link';
  link: SharedLink;
}

export type Operand = LocalOperand | RemoteOperand | LinkOperand;

/** The user may hold `@` (a full name of a domain), so the last one before the host counts. */
const REMOTE = /^(?:(?<user>[^/:]*)@)?(?:\[(?<bracketed>[^\]/]*)\]|(?<plain>[^/:@[\]]*)):(?<path>.*)$/s;
const IPV6 = /^[0-9a-f:.]*:[0-9a-f:.]*(%[\w.-]+)?$/i;

/**
 * Tells a local path from a remote one. As with scp a colon before the first slash makes it remote,
 * so a local name with a colon is written `./a:b`.
 * @throws JetStreamError `invalid-argument`
 */
export function parseOperand(text: string): Operand {
  if (text === '') throw unusable(text, 'an empty name is no path');
  if (text.includes('\0')) throw unusable(text, 'a path holds no NUL byte');
  if (isLink(text)) return { kind: 'link', link: parseSharedLink(text) };
  const firstSlash = text.indexOf('/');
  const beforeSlash = firstSlash < 0 ? text : text.slice(0, firstSlash);
  if (!beforeSlash.includes(':')) return { kind: 'local', path: text };

  const groups = REMOTE.exec(text)?.groups;
  const host = groups?.bracketed ?? groups?.plain;
  const hint = `write [user@]host:path, [user@][IPv6]:path, or ./${text} for a local file`;
  if (!groups || !host) throw unusable(text, hint);
  if (groups.user === '') throw unusable(text, `the user before @ is missing: ${hint}`);
  if (groups.bracketed !== undefined && !IPV6.test(host)) {
    throw unusable(text, 'only an IPv6 address stands in brackets');
  }
  return { kind: 'remote', user: groups.user, host, path: groups.path! };
}

function unusable(text: string, why: string): JetStreamError {
  return new JetStreamError('invalid-argument', `cannot use "${text}": ${why}`, { subject: text });
}
