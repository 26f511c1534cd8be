import { userInfo } from 'node:os';
import { ApiClient } from '@jetstream/api/client';
import { JetStreamError } from '@jetstream/protocol';
import { type CertificatePinOptions, pinnedCertificate } from './certificate-pins.ts';
import { loginKeys } from './login-keys.ts';

const DEFAULT_PORT = 8_886;

export interface ApiConnectOptions {
  host: string;
  /** TCP port of the API. Default 8886. */
  port?: number;
  /** Default: who runs the process. */
  user?: string;
  /** Log in with this key and no other. */
  identityFile?: string;
  /** What to do with a certificate not seen before; that of this machine's own server is remembered unasked. Default 'refuse'. */
  unknownHost?: CertificatePinOptions['unknownHost'];
  /** Asks a person; undefined: nobody is there. */
  askPassword?: (user: string, host: string) => Promise<string>;
  /** false: connects without a log-in, for what anybody may call. Default true. */
  logIn?: boolean;
  /** To the end of the TLS handshake. Default 10,000. */
  connectTimeoutMs?: number;
  /** Of identity and `known_api_hosts`. Default: JETSTREAM_CONFIG_DIR, else XDG configuration directory + /jetstream. */
  configDirectory?: string;
  /** Of token and password. Default `process.env`. */
  environment?: NodeJS.ProcessEnv;
}

/**
 * Connects to the API of a server as a user does at a console: the certificate is trusted on first use, and the log-in is by
 * the token of JETSTREAM_API_TOKEN, the password of JETSTREAM_API_PASSWORD (which is that of the token, if there is one), a key of the user,
 * or a password that is asked for, whichever there is first.
 * @throws JetStreamError `host-key-unknown`, `host-key-changed`, `login-refused`, or as `ApiClient.call`
 */
export async function connectApi(options: ApiConnectOptions): Promise<ApiClient> {
  const {
    host,
    port = DEFAULT_PORT,
    unknownHost = 'refuse',
    configDirectory,
    connectTimeoutMs,
    logIn: isToLogIn = true,
  } = options;
  const checkCertificate = pinnedCertificate({
    host,
    port,
    unknownHost,
    ...(configDirectory !== undefined && { configDirectory }),
  });
  const client = await ApiClient.connect({
    host,
    port,
    checkCertificate,
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
  });
  try {
    if (isToLogIn) await logIn(client, options);
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function logIn(client: ApiClient, options: ApiConnectOptions): Promise<void> {
  const { host, user = userInfo().username, askPassword, environment = process.env } = options;
  const { identityFile, configDirectory } = options;
  const { JETSTREAM_API_TOKEN: token, JETSTREAM_API_PASSWORD: password } = environment;
  if (token) {
    const login = { token, ...(password && { tokenPassword: password }) };
    return withAdvice(client.logIn(login), `${host} does not let in the token of JETSTREAM_API_TOKEN`);
  }
  if (password) {
    const refusal = `${host} does not let ${user} in by the password of JETSTREAM_API_PASSWORD`;
    return withAdvice(client.logIn({ user, password }), refusal);
  }
  const byKey = client.logIn({
    user,
    signLogin: loginKeys({
      ...(identityFile !== undefined && { identityFile }),
      ...(configDirectory !== undefined && { configDirectory }),
    }),
  });
  const refusal = `${host} does not let ${user} in by key: set JETSTREAM_API_PASSWORD, or list the key of 'jscp --print-identity' in ~${user}/.ssh/authorized_keys there`;
  if (identityFile !== undefined || !askPassword) return withAdvice(byKey, refusal);
  try {
    await byKey;
  } catch (error) {
    if (!isRefused(error)) throw error;
    const byPassword = client.logIn({ user, password: await askPassword(user, host) });
    await withAdvice(byPassword, `${host} does not let ${user} in by that password`);
  }
}

/** The server says no more than no, for it does not know who asks. */
async function withAdvice(login: Promise<void>, refusal: string): Promise<void> {
  try {
    await login;
  } catch (error) {
    throw isRefused(error) ? new JetStreamError('login-refused', refusal, { cause: error }) : error;
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof JetStreamError && error.code === 'login-refused';
}
