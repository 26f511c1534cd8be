import { collectSigners, loginSignatureInput } from '@jetstream/auth';
import { DEFAULT_RATE_POLICY } from '@jetstream/congestion';
import { currentUser } from '@jetstream/platform';
import {
  type ControlMessage,
  decodeTransferMessage,
  type JetStreamError,
  type Login,
  type LoginResult,
  NO_CREDENTIALS,
  type TransferMessage,
} from '@jetstream/protocol';
import { connectToFirst, startClientLanes } from '../client/connect.ts';
import type { Lanes } from '../lane/lanes.ts';
import type { Session, TransferPort } from '../session/session.ts';
import type { TestServer } from './test-server.ts';

/** A client that says what a test wants said, in any order, over a true connection. */
export class RawClient {
  readonly session: Session;
  readonly #lanes: Lanes;
  readonly #heard: ControlMessage[] = [];
  readonly #closed: Promise<JetStreamError>;
  readonly handshakeHash: Uint8Array;
  #onHeard: (() => void) | undefined;

  private constructor(session: Session, lanes: Lanes, handshakeHash: Uint8Array) {
    this.session = session;
    this.#lanes = lanes;
    this.handshakeHash = handshakeHash;
    this.#closed = new Promise((resolve) => {
      session.handler = {
        onControl: (message) => {
          this.#heard.push(message);
          this.#onHeard?.();
        },
        onClosed: resolve,
      };
    });
  }

  /** @param staticPrivateKey default: a fresh one */
  static async connect(test: TestServer, staticPrivateKey?: Uint8Array): Promise<RawClient> {
    const lanes = await startClientLanes(
      {
        congestion: 'bbr',
        ratePolicy: DEFAULT_RATE_POLICY,
        handshakeTimeoutMs: 10_000,
        remembersPaths: false,
        portable: false,
        ...(staticPrivateKey !== undefined && { staticPrivateKey }),
      },
      () => undefined,
    );
    const { session } = await connectToFirst(lanes, {
      addresses: ['127.0.0.1'],
      port: test.server.port,
      hostName: 'test',
      timeoutMs: 10_000,
      signal: undefined,
    });
    session.connection.acceptPeer();
    return new RawClient(session, lanes, await session.established);
  }

  /** As an honest client would. */
  async logIn(test: TestServer): Promise<void> {
    const { name: user } = currentUser();
    const [signer] = await collectSigners({
      configDirectory: test.config,
      agentSocket: '',
      homeDirectory: test.base,
    });
    const signature = await signer!.sign(loginSignatureInput(this.handshakeHash, user));
    this.session.sendControl({
      body: {
        $case: 'login',
        value: { user, ...NO_CREDENTIALS, publicKeys: [{ publicKey: signer!.publicKeyBlob, signature }] },
      },
    });
    const answer = await this.hear();
    if (answer.body?.$case !== 'loginResult' || answer.body.value.errorCode !== 0)
      throw new Error('the login was refused');
    this.session.connection.raiseLimits();
  }

  /** Sends a Login and hears its result. */
  async tryLogin(login: Partial<Login>): Promise<LoginResult> {
    const value = { user: currentUser().name, ...NO_CREDENTIALS, ...login };
    this.session.sendControl({ body: { $case: 'login', value } });
    const { body } = await this.hear();
    if (body?.$case !== 'loginResult') throw new Error(`not an answer to a login: ${body?.$case}`);
    return body.value;
  }

  async hear(): Promise<ControlMessage> {
    while (this.#heard.length === 0) await new Promise<void>((resolve) => (this.#onHeard = resolve));
    return this.#heard.shift()!;
  }

  /** Why the connection ended. */
  closed(): Promise<JetStreamError> {
    return this.#closed;
  }

  openTransfer(id: number): { port: TransferPort; hear: () => Promise<TransferMessage> } {
    const heard: TransferMessage[] = [];
    let onHeard: (() => void) | undefined;
    const port = this.session.addTransfer(id, {
      content: undefined,
      onMessage: ({ body }) => {
        heard.push('encoded' in body ? decodeTransferMessage(body.encoded) : { body });
        onHeard?.();
      },
      onClosed: () => undefined,
    });
    const hear = async () => {
      while (heard.length === 0) await new Promise<void>((resolve) => (onHeard = resolve));
      return heard.shift()!;
    };
    return { port, hear };
  }

  async end(): Promise<void> {
    this.session.close('none', '');
    await this.#lanes.close();
  }
}
