import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '@jetstream/core/api-client';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { asJetStreamError } from '../error-line.ts';

export interface ViaSessionOptions {
  /** Connects, and logs in. */
  connect: () => Promise<ApiClient>;
  /** For how long a lost connection is ridden out; 0: not at all. */
  reconnectTimeoutMs: number;
  onLost: (error: JetStreamError) => void;
  onBack: () => void;
  signal: AbortSignal;
}

/** After these another connection may do: the server is on its way back, or has forgotten the log-in. */
const RIDDEN_OUT: ReadonlySet<ErrorCode> = new Set([
  'connection-lost',
  'host-unreachable',
  'host-unresolved',
  'server-closing',
  'login-timeout',
  'limit-exceeded',
  'unauthenticated',
]);

/** At once, and then so far apart. */
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 10_000;

/** Calls of the API that go on over another connection when one is lost. */
export class ViaSession {
  readonly #options: ViaSessionOptions;
  #client: ApiClient | undefined;

  private constructor(options: ViaSessionOptions, client: ApiClient) {
    this.#options = options;
    this.#client = client;
  }

  /** @throws JetStreamError as `connect`: the first connection is made at once or not at all */
  static async open(options: ViaSessionOptions): Promise<ViaSession> {
    return new ViaSession(options, await options.connect());
  }

  /** Once. @throws JetStreamError as `work` */
  async once<T>(work: (client: ApiClient) => Promise<T>): Promise<T> {
    this.#client ??= await this.#options.connect();
    return work(this.#client);
  }

  /**
   * Does it, and begins it anew as often as the connection is lost.
   * @throws JetStreamError as `work`; the loss, when it lasts too long; `cancelled` by the signal
   */
  async use<T>(work: (client: ApiClient, heard: () => void) => Promise<T>): Promise<T> {
    const { reconnectTimeoutMs, signal, onLost, onBack } = this.#options;
    let lostMs: number | undefined;
    let delayMs = 0;
    const heard = () => {
      if (lostMs === undefined) return;
      lostMs = undefined;
      delayMs = 0;
      onBack();
    };
    for (;;) {
      if (signal.aborted) throw new JetStreamError('cancelled', 'cancelled');
      try {
        return await this.once((client) => work(client, heard));
      } catch (thrown) {
        const error = asJetStreamError(thrown);
        if (signal.aborted) continue;
        if (!RIDDEN_OUT.has(error.code)) throw error;
        await this.close();
        const nowMs = performance.now();
        if (lostMs === undefined && reconnectTimeoutMs > 0) onLost(error);
        lostMs ??= nowMs;
        if (nowMs - lostMs >= reconnectTimeoutMs) throw asLost(error);
        await delay(delayMs, undefined, { signal }).catch(() => undefined);
        delayMs = Math.min(MAX_DELAY_MS, Math.max(FIRST_DELAY_MS, delayMs * 2));
      }
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  /** An account may have only so many log-ins. */
  async logOut(): Promise<void> {
    await this.#client?.call('logout', {}, { timeoutMs: 2_000 }).catch(() => {});
    await this.close();
  }
}

/** The server was there once: that it cannot be reached any more is another thing than a wrong address. */
function asLost(error: JetStreamError): JetStreamError {
  return new JetStreamError('connection-lost', error.message, { cause: error });
}
