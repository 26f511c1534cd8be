import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { ApiClient, askPassword, loginKeys, pinnedCertificate } from '@jetstream/core/api-client';
import { JetStreamError } from '@jetstream/protocol';

export interface ApiTarget {
  host: string;
  port: number;
  user: string | undefined;
  identityFile: string | undefined;
  acceptNew: boolean;
}

/** Connects without a log-in. The certificate is looked at before anything is sent. */
export function openClient({ host, port, acceptNew }: ApiTarget, signal: AbortSignal): Promise<ApiClient> {
  const unknownHost = acceptNew ? 'accept-new' : isAtTerminal() ? confirmHost(signal) : 'refuse';
  return ApiClient.connect({ host, port, checkCertificate: pinnedCertificate({ host, port, unknownHost }) });
}

/**
 * Logs in with the token or the password of the environment, else with a key, else with a password typed at the terminal.
 * @throws JetStreamError `login-refused`, or as `ApiClient.call`
 */
export async function logIn(
  client: ApiClient,
  { host, user = ownName(), identityFile }: ApiTarget,
): Promise<void> {
  const { JETSTREAM_API_TOKEN: token, JETSTREAM_API_PASSWORD: password } = process.env;
  if (token) return client.logIn({ token, ...(password && { tokenPassword: password }) });
  if (password) return client.logIn({ user, password });
  try {
    await client.logIn({ user, signLogin: loginKeys(identityFile) });
  } catch (error) {
    const isRefused = error instanceof JetStreamError && error.code === 'login-refused';
    if (!isRefused || identityFile !== undefined || !isAtTerminal()) throw error;
    await client.logIn({ user, password: await askPassword(`Password of ${user} at ${host}: `) });
  }
}

function isAtTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

function ownName(): string {
  return userInfo().username;
}

function confirmHost(signal: AbortSignal) {
  return async ({ name, fingerprint }: { name: string; fingerprint: string }): Promise<boolean> => {
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await prompt.question(
        `The server ${name} is not known. Its certificate is ${fingerprint}.\nTrust, and remember it (yes/no)? `,
        { signal },
      );
      return /^(y|yes)$/i.test(answer.trim());
    } catch {
      return false;
    } finally {
      prompt.close();
    }
  };
}
