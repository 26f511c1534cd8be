import { readFileSync, statSync } from 'node:fs';
import type { Arguments } from '@jetstream/core/api-client';
import { JetStreamError } from '@jetstream/protocol';
import { usageError } from '../usage-error.ts';

type FarCredentials = Pick<
  Arguments<'send.createDestination'>,
  'password' | 'privateKey' | 'token' | 'tokenPassword'
>;

const MAX_KEY_BYTES = 16_384;

/**
 * What the one server logs in with at the other, where its own identities do not do: a key, a password or a token. None of them may stand
 * on a command line, which is for all to see.
 * @throws JetStreamError `invalid-argument`, `not-found`, `permission-denied`
 */
export function readFarCredentials(
  keyFile: string | undefined,
  environment: NodeJS.ProcessEnv,
): FarCredentials {
  const {
    JETSTREAM_VIA_PASSWORD: password,
    JETSTREAM_VIA_TOKEN: token,
    JETSTREAM_VIA_TOKEN_PASSWORD: tokenPassword,
  } = environment;
  if (keyFile !== undefined) return { privateKey: readKey(keyFile) };
  if (password && token)
    throw usageError('JETSTREAM_VIA_PASSWORD and JETSTREAM_VIA_TOKEN exclude each other');
  if (token) return { token, ...(tokenPassword && { tokenPassword }) };
  return password ? { password } : {};
}

function readKey(file: string): string {
  try {
    if (statSync(file).size > MAX_KEY_BYTES) throw usageError(`--via-key ${file}: that is no private key`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof JetStreamError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new JetStreamError(
      isMissing ? 'not-found' : 'permission-denied',
      `--via-key: cannot read ${JSON.stringify(file)}`,
      { subject: file, cause: error },
    );
  }
}
