import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { readSecretFile } from '@jetstream/core';
import { JetStreamError } from '@jetstream/protocol';
import { isLink, parseSharedLink } from './shared-link.ts';
import { usageError } from './usage-error.ts';

/** What to log in with instead of a key. */
export interface Token {
  token: string;
  password: string | undefined;
}

export interface TokenSources {
  /** Of a link that was written as a source. */
  link: string | undefined;
  /** Of --token-file. */
  file: string | undefined;
  /** A key was named to log in with. */
  hasKey: boolean;
  environment: NodeJS.ProcessEnv;
}

/**
 * The token of a link, of a file, or of the environment, in this order. Its password comes from the environment alone.
 * @returns undefined: log in by key
 * @throws JetStreamError `invalid-argument`; of the file, those of `readSecretFile`
 */
export function readToken({ link, file, hasKey, environment }: TokenSources): Token | undefined {
  if (link !== undefined && file !== undefined)
    throw usageError('a link has a token: leave --token-file out');
  if (hasKey && (link !== undefined || file !== undefined)) throw usageError('log in by -i or by a token');
  const token = link ?? (file === undefined ? fromEnvironment(hasKey, environment) : fromFile(file));
  return token === undefined
    ? undefined
    : { token, password: environment.JETSTREAM_TOKEN_PASSWORD || undefined };
}

/**
 * By what a download with a token is known when it comes again: the same token to the same place. So a copy that goes on does not count as
 * another one. 32 hex digits.
 */
export function downloadId(token: string, target: string): string {
  return createHash('sha256')
    .update(`jetstream download\0${token}\0${resolve(target)}`)
    .digest('hex')
    .slice(0, 32);
}

function fromEnvironment(hasKey: boolean, { JETSTREAM_TOKEN }: NodeJS.ProcessEnv): string | undefined {
  return hasKey || !JETSTREAM_TOKEN ? undefined : tokenIn(JETSTREAM_TOKEN, 'JETSTREAM_TOKEN');
}

function fromFile(file: string): string {
  return tokenIn(readSecretFile(file, 'token'), file);
}

/** A token by itself, or in its link. */
function tokenIn(text: string, where: string): string {
  const [line = ''] = text.trim().split(/\s/);
  if (isLink(line)) return parseSharedLink(line).token;
  if (line !== '' && line.length <= 256) return line;
  throw new JetStreamError('invalid-argument', `${where} holds neither a token nor a link`, {
    subject: where,
  });
}
