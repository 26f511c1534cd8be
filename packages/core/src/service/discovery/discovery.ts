import { randomBytes } from 'node:crypto';
import type { ApiHandlers, Parameters, Result } from '@jetstream/api';
import { DISCOVER_TOKEN_BYTES, JetStreamError } from '@jetstream/protocol';
import type { Discovered, PathAddress } from '@jetstream/transport';
import { resolveHost } from '../../client/host-resolution.ts';
import type { Clock } from '../../clock.ts';
import type { ListeningPorts } from '../../lane/listening-ports.ts';
import type { ServicePart } from '../part.ts';
import { TokenBuckets } from '../token-bucket.ts';
import { isOneHost } from './one-host.ts';

const MAX_WAITING = 64;
const MAX_WAITING_OF_ACCOUNT = 8;
const PACKETS_PER_SECOND = 10;
/** So many at once, and as many again in a second, are never more than that. */
const BURST = PACKETS_PER_SECOND / 2;

interface Waiter {
  account: string;
  found(from: PathAddress): void;
}

export type DiscoveryPorts = Pick<
  ListeningPorts,
  'ports' | 'expectDiscover' | 'forgetDiscover' | 'sendDiscover'
>;

/**
 * Discover packets (PROTOCOL.md §1.4): how two servers whose users know one token find out from which address and port the other's
 * packets come, and open their NATs for each other. Nobody learns of any other packet.
 */
export class Discovery implements ServicePart {
  readonly commands: Pick<ApiHandlers, 'sendDiscoverPacketAsync' | 'recvDiscoverPacketAsync'> = {
    sendDiscoverPacketAsync: (parameters, { account }) => this.#send(parameters, account),
    recvDiscoverPacketAsync: async ({ token, timeoutMs }, { account }, { signal }) => {
      const { address, port } = await this.#receive(token, timeoutMs, account, signal);
      return { sourceIP: address, sourcePort: port };
    },
  };
  readonly #lanes: () => DiscoveryPorts;
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Waiter>();
  readonly #sent = new TokenBuckets(BURST, 1 / BURST);

  /** @param lanes once the server listens */
  constructor(lanes: () => DiscoveryPorts, clock: Clock) {
    this.#lanes = lanes;
    this.#clock = clock;
  }

  /** From any lane; where several had it, the first counts. */
  onDiscovered({ token, from }: Discovered): void {
    this.#waiters.get(Buffer.from(token).toString('hex'))?.found(from);
  }

  async #send(
    {
      destinationAddress,
      destinationPort,
      sourcePort = this.#lanes().ports[0]!,
      token = randomBytes(DISCOVER_TOKEN_BYTES).toString('hex'),
    }: Parameters<'sendDiscoverPacketAsync'>,
    account: string,
  ): Promise<Result<'sendDiscoverPacketAsync'>> {
    const { ports } = this.#lanes();
    if (!ports.includes(sourcePort)) {
      throw refused('sourcePort', `this server receives on UDP ${ports.join(', ')}, not on ${sourcePort}`);
    }
    if (!this.#sent.take(account, this.#clock.nowMs() * 1_000)) {
      throw new JetStreamError('limit-exceeded', `at most ${PACKETS_PER_SECOND} discover packets a second`);
    }
    const address = (await resolveHost(destinationAddress)).find(isOneHost);
    if (address === undefined) {
      throw refused('destinationAddress', 'that is no address of one host: discover packets go to no groups');
    }
    this.#lanes().sendDiscover(bytesOf(token), { address, port: destinationPort }, sourcePort);
    return { destinationIP: address, destinationPort, sourcePort, token };
  }

  /** @throws JetStreamError `conflict`, `limit-exceeded`, `host-unreachable` when none comes in time, `cancelled` */
  #receive(token: string, timeoutMs: number, account: string, signal: AbortSignal): Promise<PathAddress> {
    this.#requireRoom(token, account);
    const lanes = this.#lanes();
    const bytes = bytesOf(token);
    return new Promise((resolve, reject) => {
      const end = () => {
        cancelTimer();
        signal.removeEventListener('abort', stop);
        this.#waiters.delete(token);
        lanes.forgetDiscover(bytes);
      };
      const fail = (error: JetStreamError) => {
        end();
        reject(error);
      };
      const stop = () => fail(new JetStreamError('cancelled', 'nobody waits for it any more'));
      const cancelTimer = this.#clock.after(timeoutMs, () =>
        fail(new JetStreamError('host-unreachable', `no discover packet came within ${timeoutMs} ms`)),
      );
      const found = (from: PathAddress) => {
        end();
        resolve(from);
      };
      signal.addEventListener('abort', stop);
      this.#waiters.set(token, { account, found });
      lanes.expectDiscover(bytes);
    });
  }

  #requireRoom(token: string, account: string): void {
    if (this.#waiters.has(token))
      throw new JetStreamError('conflict', 'somebody waits for this token already');
    const own = [...this.#waiters.values()].filter((waiter) => waiter.account === account).length;
    if (this.#waiters.size < MAX_WAITING && own < MAX_WAITING_OF_ACCOUNT) return;
    throw new JetStreamError(
      'limit-exceeded',
      `at most ${MAX_WAITING_OF_ACCOUNT} discover packets of one account are waited for, ${MAX_WAITING} of all`,
    );
  }
}

/** In memory of its own: what goes to another thread takes along all memory that it is a view of. */
function bytesOf(token: string): Uint8Array {
  return Uint8Array.from(Buffer.from(token, 'hex'));
}

function refused(field: string, why: string): JetStreamError {
  return new JetStreamError('invalid-argument', why, { subject: field, field });
}
