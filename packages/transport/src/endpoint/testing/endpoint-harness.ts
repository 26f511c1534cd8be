import { nodeAead } from '@jetstream/handshake/testing';
import type { Connection, ConnectionEvent, PathAddress } from '../../contract.ts';
import type { EndpointOptions } from '../../endpoint-contract.ts';
import type { ManagedConnection } from '../../handshake-driver.ts';
import { TransportEndpoint } from '../endpoint.ts';
import { ScriptedConnection } from './scripted-connection.ts';
import { seededBytes, seededRandom } from './seeded-random.ts';

export const SERVER: PathAddress = { address: '192.0.2.1', port: 8886 };
export const CLIENT: PathAddress = { address: '198.51.100.7', port: 40_000 };

/** An endpoint whose connections are scripted, and what they told. Accepts every server key. */
export class TestEndpoint {
  readonly endpoint: TransportEndpoint;
  readonly connections: ScriptedConnection[] = [];
  readonly events: ConnectionEvent[] = [];
  acceptKeys = true;

  constructor(seed: number, options: Partial<EndpointOptions> = {}) {
    const randomBytes = seededBytes(seededRandom(seed));
    const complete: EndpointOptions = {
      staticPrivateKey: randomBytes(32),
      aead: nodeAead,
      blockPool: { maxBlocks: 1024, acquire: () => undefined, release: () => {} },
      randomBytes,
      software: 'test',
      acceptIncoming: true,
      ...options,
    };
    this.endpoint = new TransportEndpoint(complete, (setup) => {
      const connection = new ScriptedConnection(setup);
      this.connections.push(connection);
      return connection as unknown as ManagedConnection;
    });
  }

  connect(nowUs: number): ScriptedConnection {
    return this.endpoint.connect(nowUs, SERVER) as unknown as ScriptedConnection;
  }

  /** Takes all events; answers `peer-key`. */
  serve(nowUs: number): void {
    for (let ready = this.endpoint.pollReady(); ready !== undefined; ready = this.endpoint.pollReady()) {
      this.#drain(nowUs, ready);
    }
  }

  eventTypes(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Code of the `closed` event, if it came. */
  closeCode(): string | undefined {
    return this.events.find((event) => event.type === 'closed')?.code;
  }

  get establishedCount(): number {
    return this.eventTypes().filter((type) => type === 'established').length;
  }

  #drain(nowUs: number, connection: Connection): void {
    for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent()) {
      this.events.push(event);
      if (event.type === 'peer-key' && this.acceptKeys) connection.acceptPeer(nowUs);
    }
  }
}
