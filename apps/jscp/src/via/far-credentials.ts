import { readSecretFile } from '@jetstream/core';
import type { Arguments } from '@jetstream/core/api-client';
import { usageError } from '../usage-error.ts';

type FarCredentials = Pick<
  Arguments<'send.createDestination'>,
  'password' | 'privateKey' | 'token' | 'tokenPassword'
>;

/**
 * What the one server logs in with at the other, where its own identities do not do: a key, a password or a token. None of them may stand
 * on a command line, which is for all to see.
 * @throws JetStreamError `invalid-argument`; of the file, those of `readSecretFile`
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
  if (keyFile !== undefined) return { privateKey: readSecretFile(keyFile, 'private key') };
  if (password && token)
    throw usageError('JETSTREAM_VIA_PASSWORD and JETSTREAM_VIA_TOKEN exclude each other');
  if (token) return { token, ...(tokenPassword && { tokenPassword }) };
  return password ? { password } : {};
}
