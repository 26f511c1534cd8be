import { randomBytes } from 'node:crypto';
import { DEFAULT_RATE_POLICY } from '@jetstream/congestion';
import type { LaneConnection, SessionEvent } from '../lane/lane-connection.ts';
import { Lanes } from '../lane/lanes.ts';

type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

/** A connection's end with its events, for a test that waits for them one by one. */
export class HeardConnection {
  readonly connection: LaneConnection;
  readonly #heard: SessionEvent[] = [];
  #onHeard: () => void = () => undefined;

  constructor(connection: LaneConnection) {
    this.connection = connection;
    connection.onEvent = (event) => {
      this.#heard.push(event);
      this.#onHeard();
    };
  }

  /** The first such event not asked for before; others are kept. @throws when the connection ends instead */
  async next<Type extends SessionEvent['type']>(type: Type): Promise<EventOf<Type>> {
    for (;;) {
      const at = this.#heard.findIndex((event) => event.type === type);
      if (at >= 0) return this.#heard.splice(at, 1)[0] as EventOf<Type>;
      const end = this.#heard.find((event) => event.type === 'closed');
      if (end !== undefined) throw new Error(`waited for ${type}, but ${end.code}: ${end.reason}`);
      await new Promise<void>((resolve) => {
        this.#onHeard = resolve;
      });
    }
  }

  has(type: SessionEvent['type']): boolean {
    return this.#heard.some((event) => event.type === type);
  }
}

/** Two sets of lanes on loopback. */
export class LanePair {
  readonly server: Lanes;
  readonly client: Lanes;
  readonly #arrived: HeardConnection[];

  private constructor(server: Lanes, client: Lanes, arrived: HeardConnection[]) {
    this.server = server;
    this.client = client;
    this.#arrived = arrived;
  }

  /** @param port of the server; 0 takes a free one */
  static async start(portable: boolean, port = 0): Promise<LanePair> {
    const arrived: HeardConnection[] = [];
    const start = (options: { acceptIncoming: boolean; port: number }) =>
      Lanes.start(
        {
          ...options,
          count: 1,
          host: '127.0.0.1',
          staticPrivateKey: randomBytes(32),
          congestion: 'bbr',
          ratePolicy: DEFAULT_RATE_POLICY,
          handshakeTimeoutMs: undefined,
          remembersPaths: true,
          maxBlocks: 16,
          portable,
        },
        {
          onIncoming: (connection) => arrived.push(new HeardConnection(connection)),
          onPathSeen: () => undefined,
          onPathError: () => undefined,
        },
      );
    const server = await start({ acceptIncoming: true, port });
    return new LanePair(server, await start({ acceptIncoming: false, port: 0 }), arrived);
  }

  /** A connection that both ends have accepted, with the limits of one logged in. */
  async connect(): Promise<{ client: HeardConnection; server: HeardConnection }> {
    const client = new HeardConnection(
      this.client.connect({ address: '127.0.0.1', port: this.server.path.port }),
    );
    await client.next('peer-key');
    client.connection.acceptPeer();
    await client.next('established');
    client.connection.raiseLimits();
    // The server knows the client only by the first packet that it sends.
    client.connection.writeStream(0, new Uint8Array([1]));
    while (this.#arrived.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const server = this.#arrived.shift()!;
    await server.next('stream-data');
    server.connection.raiseLimits();
    return { client, server };
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.server.close()]);
  }
}
