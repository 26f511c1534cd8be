import { nodeAead } from '@jetstream/handshake/testing';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionEvent } from '../contract.ts';
import type { EndpointOptions } from '../endpoint-contract.ts';
import { TransportEndpoint } from './endpoint.ts';
import { CLIENT, SERVER } from './testing/endpoint-harness.ts';
import { FINISH } from './testing/handshake-datagrams.ts';
import { seededBytes, seededRandom } from './testing/seeded-random.ts';
import { type NetworkOptions, VirtualNetwork } from './testing/virtual-network.ts';
import { SECOND_US } from './testing/world.ts';

/** A message of the client and one of the server, which any application would send first. */
const LOGIN = Buffer.from('let me in');
const WELCOME = Buffer.from('welcome');

describe('a whole connection through two endpoints', () => {
  it('logs in, with its first bytes behind the Finish: two round trips from the first packet to the answer', () => {
    const { network, run, client, server } = pair({ seed: 1 });
    const startUs = network.nowUs;
    client.connect(network.nowUs);
    expect(run(SECOND_US, () => client.text === 'welcome')).toBe(true);
    expect(server.text).toBe('let me in');
    expect(network.nowUs - startUs).toBe(80_000);
  });

  it('logs in under 30 % loss, reordering, duplication and damage', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const network = { seed, loss: 0.3, duplication: 0.2, corruption: 0.05, jitterUs: 50_000 };
      const { run, client, server, network: net } = pair(network, { handshakeTimeoutMs: 60_000 });
      client.connect(net.nowUs);
      const done = run(60 * SECOND_US, () => client.text === 'welcome');
      expect(done, `seed ${seed}: ${client.events.at(-1)?.type}`).toBe(true);
      expect(server.text, `seed ${seed}`).toBe('let me in');
    }
  });

  it('packets that arrive before the Finish are not lost', () => {
    const { network, run, client, server } = pair({ seed: 2 });
    let finishes = 0;
    network.onSent = ({ bytes }) => bytes[0] !== FINISH || ++finishes === 2;
    const startUs = network.nowUs;
    client.connect(network.nowUs);
    expect(run(SECOND_US, () => client.text === 'welcome')).toBe(true);
    expect(server.text).toBe('let me in');
    // Reply after 40 ms, Finish repeated two round trips later, answer one round trip after that: no time to send the login again.
    expect(network.nowUs - startUs).toBe(160_000);
  });

  it('[HS-6] a client that is established but does not log in is closed at the deadline', () => {
    const { network, run, client, server } = pair({ seed: 3 });
    client.message = undefined;
    client.connect(network.nowUs);
    const startUs = network.nowUs;
    run(20 * SECOND_US, () => server.closeCode !== undefined);
    expect(server.closeCode).toBe('login-timeout');
    expect(network.nowUs - startUs).toBeLessThanOrEqual(10 * SECOND_US + 100_000);
    run(10 * SECOND_US, () => false);
    expect(client.closeCode).toBe('login-timeout');
    expect([client.endpoint.connectionCount, server.endpoint.connectionCount]).toEqual([0, 0]);
    expect([client.endpoint.nextWakeUs(), server.endpoint.nextWakeUs()]).toEqual([Infinity, Infinity]);
  });

  it('[PK-4] changes keys again and again while bulk data flows, under loss', () => {
    const { network, run, client, server } = pair(
      { seed: 4, loss: 0.02, jitterUs: 3000 },
      { keyUpdatePackets: 100 },
    );
    client.blocks = 2;
    client.connect(network.nowUs);
    const phases = new Set<number>();
    let changes = 0;
    let last = 0;
    network.onSent = ({ bytes, from }) => {
      const phase = bytes[0]! & 0xc0;
      if (from === CLIENT && phase < 0x80) {
        if (phase !== last) changes++;
        last = phase;
        phases.add(phase);
      }
      return true;
    };
    expect(run(60 * SECOND_US, () => server.blocksReceived === 2)).toBe(true);
    expect([...phases].sort()).toEqual([0x00, 0x40]);
    expect(changes).toBeGreaterThan(5);
    expect(server.connection!.stats().forgedPackets).toBe(0);
  });

  it('[CL-1] a closed connection is forgotten on both sides once late packets were answered', () => {
    const { network, run, client, server } = pair({ seed: 5 });
    client.connect(network.nowUs);
    run(SECOND_US, () => client.text === 'welcome');
    client.connection!.close(network.nowUs, 'none', 'done');
    run(5 * SECOND_US, () => false);
    expect(server.closeCode).toBe('none');
    expect([client.endpoint.connectionCount, server.endpoint.connectionCount]).toEqual([0, 0]);
    expect([client.endpoint.nextWakeUs(), server.endpoint.nextWakeUs()]).toEqual([Infinity, Infinity]);
  });
});

/** The smallest application: the client logs in, the server answers and takes blocks. */
class Party {
  readonly endpoint: TransportEndpoint;
  readonly events: ConnectionEvent[] = [];
  connection: Connection | undefined;
  text = '';
  closeCode: string | undefined;
  blocks = 0;
  blocksReceived = 0;
  message: Uint8Array | undefined;
  readonly #isClient: boolean;
  #nextBlock = 0;

  constructor(seed: number, isClient: boolean, options: Partial<EndpointOptions>) {
    const randomBytes = seededBytes(seededRandom(seed));
    this.#isClient = isClient;
    this.message = isClient ? LOGIN : WELCOME;
    this.endpoint = new TransportEndpoint({
      staticPrivateKey: randomBytes(32),
      aead: nodeAead,
      blockPool: { maxBlocks: 1024, acquire: () => new Uint8Array(BLOCK_BYTES), release: () => {} },
      randomBytes,
      software: 'test',
      acceptIncoming: !isClient,
      ...options,
    });
  }

  connect(nowUs: number): void {
    this.connection = this.endpoint.connect(nowUs, SERVER);
  }

  serve(nowUs: number): void {
    for (let ready = this.endpoint.pollReady(); ready !== undefined; ready = this.endpoint.pollReady()) {
      this.connection = ready;
      for (let event = ready.pollEvent(); event !== undefined; event = ready.pollEvent()) {
        this.events.push(event);
        this.#onEvent(nowUs, ready, event);
      }
    }
  }

  #onEvent(nowUs: number, connection: Connection, event: ConnectionEvent): void {
    if (event.type === 'peer-key') connection.acceptPeer(nowUs);
    else if (event.type === 'established' && this.#isClient && this.message)
      connection.writeStream(0, this.message);
    else if (event.type === 'stream-data') this.#onStreamData(connection, event.stream, event.bytes);
    else if (event.type === 'block-wanted') this.#offerBlocks(connection);
    else if (event.type === 'block-received') {
      this.blocksReceived++;
      connection.releaseBlock(event.transfer, event.block, false);
    } else if (event.type === 'closed') this.closeCode = event.code;
  }

  #onStreamData(connection: Connection, stream: number, bytes: Uint8Array): void {
    connection.consumeStream(stream, bytes.length);
    if (stream === 1) {
      connection.openBulkReceiver(1, 8);
      for (let block = 0; block < 2; block++) connection.expectBlock(1, block, BLOCK_BYTES);
      return;
    }
    this.text += Buffer.from(bytes).toString();
    connection.raiseLimits();
    if (!this.#isClient && this.message) connection.writeStream(0, this.message);
    if (this.blocks > 0) {
      connection.writeStream(1, Uint8Array.of(1));
      connection.openBulkSender(1);
    }
  }

  #offerBlocks(connection: Connection): void {
    while (this.#nextBlock < this.blocks) {
      if (!connection.offerBlock(1, this.#nextBlock++, new Uint8Array(BLOCK_BYTES))) return;
    }
  }
}

function pair(networkOptions: NetworkOptions, options: Partial<EndpointOptions> = {}) {
  const network = new VirtualNetwork(networkOptions);
  const client = new Party(2 * networkOptions.seed, true, options);
  const server = new Party(2 * networkOptions.seed + 1, false, options);
  network.add(client.endpoint, CLIENT);
  network.add(server.endpoint, SERVER);
  const run = (limitUs: number, isDone: () => boolean) =>
    network.run(limitUs, isDone, () => {
      client.serve(network.nowUs);
      server.serve(network.nowUs);
    });
  return { network, client, server, run };
}
