import { setTimeout } from 'node:timers/promises';
import { authenticate, type LoginLimiter } from '@jetstream/auth';
import { limitRatePolicy, type RatePolicyLimits } from '@jetstream/congestion';
import { escapeName } from '@jetstream/manifest';
import type { Account } from '@jetstream/platform';
import {
  type ControlMessage,
  type ErrorCode,
  errorCodeToWire,
  JetStreamError,
  type Login,
  type RatePolicyMessage,
} from '@jetstream/protocol';
import type { BlockMemory } from '../block-memory.ts';
import type { TransferSummary } from '../contract.ts';
import type { LaneConnection } from '../lane/lane-connection.ts';
import type { Logger } from '../logging.ts';
import type { ReceiverState } from '../resume/receiver-state.ts';
import type { Sandboxes } from '../service/sandboxes/sandboxes.ts';
import { decodeRatePolicy, encodeRatePolicy } from '../session/rate-policy-message.ts';
import { heedReceiveLimit } from '../session/receive-limit.ts';
import { Session, type TransferHandler } from '../session/session.ts';
import type { StorageWorkers } from '../storage/storage-workers.ts';
import { ServerTransfer } from './server-transfer.ts';

/** LG-3. */
const MAX_LOGIN_ATTEMPTS = 3;
/** RP-3. */
const RATE_POLICY_INTERVAL_MS = 100;

export interface ServerConnectionContext {
  logger: Logger;
  memory: BlockMemory;
  storage: StorageWorkers;
  limiter: LoginLimiter;
  rateLimits: RatePolicyLimits;
  stateDirectory: string;
  state: ReceiverState;
  sandboxes: Sandboxes;
  onTransfer: (account: string, direction: 'upload' | 'download', summary: TransferSummary) => void;
  /** Another transfer may run now; each has a thread of its own. */
  hasRoom: () => boolean;
  onTransferOver: () => void;
  onClosed: () => void;
}

/** A client's connection at the server: first the login, then its transfers. */
export class ServerConnection {
  readonly #context: ServerConnectionContext;
  readonly #session: Session;
  readonly #transfers = new Set<ServerTransfer>();
  readonly #remote: string;
  /** Resolves with the login; transfers that were opened along with it wait for this. */
  readonly #loggedIn: Promise<Account>;
  #onLoggedIn!: (account: Account) => void;
  #account: Account | undefined;
  #attempts = 0;
  #refusing = false;

  constructor(connection: LaneConnection, context: ServerConnectionContext) {
    this.#context = context;
    this.#loggedIn = new Promise((resolve) => {
      this.#onLoggedIn = resolve;
    });
    this.#remote = connection.remoteAddress.address;
    this.#session = new Session(connection, {
      onControl: (message) => this.#onControl(message),
      onIncomingTransfer: (transfer) => this.#openTransfer(transfer),
      onClosed: (error) => {
        context.logger.info(
          { remote: this.#remote, code: error.code, reason: escapeName(error.message) },
          'connection closed',
        );
        context.onClosed();
      },
    });
  }

  get runningTransfers(): number {
    return this.#transfers.size;
  }

  refuseNewTransfers(): void {
    this.#refusing = true;
  }

  close(code: ErrorCode, reason: string): void {
    this.#session.close(code, reason);
  }

  /** Resolves when every transfer's storage worker has ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#transfers].map((transfer) => transfer.ended));
  }

  async #onControl({ body }: ControlMessage): Promise<void> {
    if (body?.$case === 'ratePolicy') return this.#onRatePolicy(body.value);
    if (body?.$case === 'receiveLimit') {
      // LG-1.
      return this.#account === undefined ? undefined : heedReceiveLimit(this.#session, body.value);
    }
    if (body?.$case !== 'login' || this.#account !== undefined) {
      throw new JetStreamError(
        'protocol-violation',
        'the client sent what only a server sends, or a second login',
      );
    }
    await this.#onLogin(body.value);
  }

  async #onLogin({ user, publicKeys }: Login): Promise<void> {
    if (++this.#attempts > MAX_LOGIN_ATTEMPTS)
      throw new JetStreamError('login-refused', 'too many logins on one connection');
    const { logger, limiter, stateDirectory } = this.#context;
    const outcome = await authenticate(
      { user, offers: publicKeys, handshakeHash: await this.#session.established, remote: this.#remote },
      { stateDirectory, limiter, nowMs: performance.now() },
    );
    if (this.#session.closed !== undefined) return;
    if (!outcome.accepted) {
      logger.warn(
        { remote: this.#remote, user: escapeName(user), why: escapeName(outcome.reason) },
        'login refused',
      );
      const code = outcome.limited ? 'limit-exceeded' : 'login-refused';
      this.#session.sendControl({
        body: {
          $case: 'loginResult',
          value: {
            errorCode: errorCodeToWire(code),
            message: 'login refused',
            account: '',
            server: undefined,
          },
        },
      });
      return;
    }
    this.#account = outcome.account;
    this.#onLoggedIn(outcome.account);
    this.#session.connection.raiseLimits();
    logger.info({ remote: this.#remote, account: outcome.account.name }, 'logged in');
    this.#session.sendControl({
      body: {
        $case: 'loginResult',
        value: { errorCode: 0, message: '', account: outcome.account.name, server: undefined },
      },
    });
  }

  /** RP-1. Messages are taken one after the other: while this one takes its time the next one waits (RP-3). */
  async #onRatePolicy(message: RatePolicyMessage): Promise<void> {
    // LG-1.
    if (this.#account === undefined) return;
    const policy = limitRatePolicy(decodeRatePolicy(message), this.#context.rateLimits);
    this.#session.connection.setRatePolicy(policy);
    const body = { $case: 'ratePolicyInForce' as const, value: encodeRatePolicy(policy) };
    this.#session.sendControl({ body });
    await setTimeout(RATE_POLICY_INTERVAL_MS, undefined, { ref: false });
  }

  /** A transfer opened before the login is answered waits for it, unread; the transport lets in no more than one (LG-1). */
  #openTransfer(id: number): TransferHandler {
    const transfer = new ServerTransfer(
      id,
      this.#session,
      this.#loggedIn,
      this.#context,
      () => this.#refusing,
      () => {
        this.#transfers.delete(transfer);
        this.#context.onTransferOver();
      },
    );
    this.#transfers.add(transfer);
    return transfer;
  }
}
