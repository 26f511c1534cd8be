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
  if (token) return client.logIn({ token, ...(password && { tokenPassword: password }) });
  if (password) return client.logIn({ user, password });
  try {
    await client.logIn({
      user,
      signLogin: loginKeys({
        ...(identityFile !== undefined && { identityFile }),
        ...(configDirectory !== undefined && { configDirectory }),
      }),
    });
  } catch (error) {
    const isRefused = error instanceof JetStreamError && error.code === 'login-refused';
    if (!isRefused || identityFile !== undefined || !askPassword) throw error;
    await client.logIn({ user, password: await askPassword(user, host) });
  }
}
