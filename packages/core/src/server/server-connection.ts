import { setTimeout } from 'node:timers/promises';
import { limitRatePolicy, type RatePolicyLimits } from '@jetstream/congestion';
import { escapeName } from '@jetstream/manifest';
import {
  type ControlMessage,
  type ErrorCode,
  errorCodeToWire,
  JetStreamError,
  type Login,
  type RatePolicyMessage,
  type ServerIdentity,
} from '@jetstream/protocol';
import type { BlockMemory } from '../block-memory.ts';
import type { TransferSummary } from '../contract.ts';
import type { LaneConnection } from '../lane/lane-connection.ts';
import type { Logger } from '../logging.ts';
import type { ReceiverState } from '../resume/receiver-state.ts';
import type { Bandwidth, Registered } from '../service/bandwidth/bandwidth.ts';
import { shareConnection } from '../service/bandwidth/share-connection.ts';
import type { LoggedIn, Logins } from '../service/logins/logins.ts';
import type { Receiving } from '../service/receiving/receiving.ts';
import type { Sandboxes } from '../service/sandboxes/sandboxes.ts';
import type { SharedTokens } from '../service/tokens/shared-tokens.ts';
import { decodeRatePolicy, encodeRatePolicy } from '../session/rate-policy-message.ts';
import { heedReceiveLimit } from '../session/receive-limit.ts';
import { Session, type TransferHandler } from '../session/session.ts';
import type { StorageWorkers } from '../storage/storage-workers.ts';
import { ServerTransfer } from './server-transfer.ts';
import type { TransferringConnection } from './transfer-room.ts';

/** LG-3. */
const MAX_LOGIN_ATTEMPTS = 3;
/** RP-3. */
const RATE_POLICY_INTERVAL_MS = 100;

export interface ServerConnectionContext {
  logger: Logger;
  memory: BlockMemory;
  storage: StorageWorkers;
  logins: Logins;
  /** Told to whoever logs in. */
  identity: ServerIdentity;
  rateLimits: RatePolicyLimits;
  stateDirectory: string;
  state: ReceiverState;
  sandboxes: Sandboxes;
  bandwidth: Bandwidth;
  receiving: Receiving;
  sharedTokens: SharedTokens;
  onTransfer: (account: string, direction: 'upload' | 'download', summary: TransferSummary) => void;
  /** Another transfer may run now; each has a thread of its own. */
  hasRoom: (sharedToken: string | undefined) => boolean;
  onTransferOver: () => void;
  onClosed: () => void;
}

/** Who logged in on a connection. */
export interface ClientLogin extends LoggedIn {
  /** Static key, which the handshake proved: the host key of a client that is a server. */
  peerKey: Uint8Array;
  /** What a client that is a server says of itself. */
  server: ServerIdentity | undefined;
}

/** A client's connection at the server: first the login, then its transfers. */
export class ServerConnection implements TransferringConnection {
  readonly #context: ServerConnectionContext;
  readonly #session: Session;
  readonly #transfers = new Set<ServerTransfer>();
  readonly #remote: string;
  /** Resolves with the login; transfers that were opened along with it wait for this. */
  readonly #loggedIn: Promise<ClientLogin>;
  #onLoggedIn!: (login: ClientLogin) => void;
  #login: ClientLogin | undefined;
  /** Of the server's bandwidth, once logged in. */
  #shares: Registered | undefined;
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
        this.#shares?.remove();
        context.onClosed();
      },
    });
    // LG-9.
    this.#session.established.then(
      () => this.recheckPeer(),
      () => undefined,
    );
  }

  /**
   * Ends the connection of a client that may not be here by its static key, or no longer.
   * @returns whether it may
   */
  recheckPeer(): boolean {
    const { peerKey } = this.#session;
    const { logins } = this.#context;
    if (peerKey === undefined) return true;
    const mayStay = this.#login?.byStaticKey !== true || logins.isTrusted(peerKey);
    if (mayStay && logins.mayConnect(peerKey)) return true;
    this.#session.close('login-refused', 'this server does not trust the key of the client');
    return false;
  }

  /**
   * Ends the connection of a client whose token has ended.
   * @returns whether it may go on
   */
  recheckToken(): boolean {
    const { logins, sharedTokens } = this.#context;
    const { identity, restrictions } = this.#login ?? {};
    const isOver =
      (identity !== undefined && !logins.isStillValid(identity)) ||
      (restrictions !== undefined &&
        'sharedToken' in restrictions &&
        sharedTokens.get(restrictions.sharedToken) === undefined);
    if (isOver) this.#session.close('login-refused', 'the token has ended');
    return !isOver;
  }

  /**
   * Ends the connection of a client whose account may not be used any more, and what runs on it (LG-11).
   * @returns whether it may go on
   */
  async recheckAccount(): Promise<boolean> {
    const account = this.#login?.account.name;
    if (account === undefined || (await this.#context.logins.mayStay(account, this.#remote))) return true;
    this.#session.close('login-refused', 'the account may not be used any more');
    return false;
  }

  get runningTransfers(): number {
    let running = 0;
    for (const { isRunning } of this.#transfers) if (isRunning) running++;
    return running;
  }

  get sharedToken(): string | undefined {
    const { restrictions } = this.#login ?? {};
    return restrictions && 'sharedToken' in restrictions ? restrictions.sharedToken : undefined;
  }

  /**
   * Takes no transfer any more. Those of a client may end, for nobody knows whether it comes back; a server sends again by itself for a
   * day, and goes on from what is durable.
   * @returns resolves when nothing runs that was ended here
   */
  async drain(): Promise<void> {
    this.#refusing = true;
    if (this.#login?.server === undefined) return;
    const ended = this.ended();
    this.close('server-closing', 'the server is shutting down');
    await ended;
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
      return this.#login === undefined ? undefined : heedReceiveLimit(this.#session, body.value);
    }
    if (body?.$case !== 'login' || this.#login !== undefined) {
      throw new JetStreamError(
        'protocol-violation',
        'the client sent what only a server sends, or a second login',
      );
    }
    await this.#onLogin(body.value);
  }

  async #onLogin(login: Login): Promise<void> {
    if (++this.#attempts > MAX_LOGIN_ATTEMPTS)
      throw new JetStreamError('login-refused', 'too many logins on one connection');
    const session = this.#session;
    const handshakeHash = await session.established;
    const peerKey = session.peerKey!;
    const { logins, identity } = this.#context;
    const outcome = await logins.logIn(login, { handshakeHash, peerKey, remote: this.#remote });
    if (session.closed !== undefined) return;
    if (!outcome.accepted) {
      const errorCode = errorCodeToWire(outcome.limited ? 'limit-exceeded' : 'login-refused');
      const value = { errorCode, message: 'login refused', account: '', server: undefined };
      session.sendControl({ body: { $case: 'loginResult', value } });
      return;
    }
    this.#login = { ...outcome.value, peerKey, server: login.server };
    // It may have been taken off the list meanwhile.
    if (!this.recheckPeer() || !this.recheckToken()) return;
    this.#onLoggedIn(this.#login);
    session.connection.raiseLimits();
    const value = { errorCode: 0, message: '', account: this.#login.account.name, server: identity };
    session.sendControl({ body: { $case: 'loginResult', value } });
    this.#shares = shareConnection(this.#context.bandwidth, session, {
      sending: () => this.#running('download'),
      receiving: () => this.#running('upload'),
    });
  }

  /** RP-1. Messages are taken one after the other: while this one takes its time the next one waits (RP-3). */
  async #onRatePolicy(message: RatePolicyMessage): Promise<void> {
    // LG-1.
    if (this.#login === undefined) return;
    const policy = limitRatePolicy(decodeRatePolicy(message), this.#context.rateLimits);
    this.#session.connection.setRatePolicy(policy);
    const body = { $case: 'ratePolicyInForce' as const, value: encodeRatePolicy(policy) };
    this.#session.sendControl({ body });
    await setTimeout(RATE_POLICY_INTERVAL_MS, undefined, { ref: false });
  }

  #running(direction: 'upload' | 'download'): number {
    let running = 0;
    for (const transfer of this.#transfers) if (transfer.direction === direction) running++;
    return running;
  }

  /** A transfer opened before the login is answered waits for it, unread; the transport lets in no more than one (LG-1). */
  #openTransfer(id: number): TransferHandler {
    const transfer = new ServerTransfer(
      id,
      this.#session,
      this.#loggedIn,
      this.#context,
      () => this.#refusing,
      {
        mayBegin: () => this.recheckAccount(),
        onBegun: () => this.#shares?.changed(),
        onOver: () => {
          this.#transfers.delete(transfer);
          this.#shares?.changed();
          this.#context.onTransferOver();
        },
      },
    );
    this.#transfers.add(transfer);
    return transfer;
  }
}
