import type { RatePolicy } from '@jetstream/congestion';
import { JetStreamError } from '@jetstream/protocol';
import type { Clock } from '../clock.ts';
import { ConnectedClient, type SessionHooks, type SessionResources } from './connected-client.ts';
import { Dialler } from './dialler.ts';
import type { LoginRequest } from './login.ts';
import { ServerRatePolicy } from './server-rate-policy.ts';
import { SessionRates } from './session-rates.ts';

export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_RECONNECT_TIMEOUT_MS = 600_000;
/** A timer of Node takes no more, some 24 days. */
const MAX_RECONNECT_TIMEOUT_MS = 2_147_483_647;

/** All that a session is made of, whoever runs it: a client for itself, or a server that sends. */
export interface SessionRequest {
  host: string;
  port: number;
  login: Omit<LoginRequest, 'hostName' | 'ratePolicy'>;
  /** Passes the key of a server that shows one for the first time. @throws JetStreamError `host-key-unknown`, `host-key-changed` */
  checkHostKey: (key: Uint8Array) => Promise<void>;
  /** Given back in any case: by the session at its end, or by `openSession` when none comes about. */
  resources: SessionResources;
  /** What connections begin with. */
  ratePolicy: RatePolicy;
  /** The server is asked for the same. */
  asksServer: boolean;
  /** Default 10,000. */
  connectTimeoutMs?: number | undefined;
  /** Default 600,000. */
  reconnectTimeoutMs?: number | undefined;
  /** By which lost links are noticed and ridden out. */
  clock: Clock;
  /** Of the login; else it is only sent. */
  awaitsAnswer: boolean;
  signal?: AbortSignal | undefined;
  hooks?: SessionHooks;
}

/** @throws JetStreamError `invalid-argument` for a time that cannot be */
export function checkReconnectTimeout(reconnectTimeoutMs: number = DEFAULT_RECONNECT_TIMEOUT_MS): void {
  if (reconnectTimeoutMs >= 0 && reconnectTimeoutMs <= MAX_RECONNECT_TIMEOUT_MS) return;
  throw new JetStreamError(
    'invalid-argument',
    `reconnectTimeoutMs is 0 to ${MAX_RECONNECT_TIMEOUT_MS}, not ${reconnectTimeoutMs}`,
  );
}

/** @throws JetStreamError as `Client.connect` */
export async function openSession(request: SessionRequest): Promise<ConnectedClient> {
  const { host, port, resources, ratePolicy, clock, signal } = request;
  const { connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS, reconnectTimeoutMs = DEFAULT_RECONNECT_TIMEOUT_MS } =
    request;
  // Whoever has no network thread is told when it is needed.
  resources.lanes.catch(() => undefined);
  const serverPolicy = new ServerRatePolicy();
  const dialler = new Dialler({
    host,
    port,
    login: { ...request.login, ratePolicy: serverPolicy },
    checkHostKey: request.checkHostKey,
    lanes: resources.lanes,
    paths: resources.paths,
  });
  try {
    const server = await dialler.find(connectTimeoutMs, signal);
    const link = await server.sendLogin();
    if (request.awaitsAnswer) await link.account;
    link.session.connection.raiseLimits();
    const rates = new SessionRates(serverPolicy, ratePolicy);
    if (request.asksServer) rates.askServer(ratePolicy).catch(() => undefined);
    const times = { host, connectTimeoutMs, reconnectTimeoutMs, clock };
    return new ConnectedClient(link, dialler, resources, rates, times, request.hooks);
  } catch (error) {
    await resources.close(Promise.resolve());
    throw error;
  }
}
