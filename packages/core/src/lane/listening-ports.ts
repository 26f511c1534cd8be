import { JetStreamError } from '@jetstream/protocol';
import type { PathAddress } from '@jetstream/transport';
import type { KnownPath } from '../contract.ts';
import type { LaneHost } from './lane.ts';
import type { LanePath } from './lane-messages.ts';
import { Lanes, type LanesOptions } from './lanes.ts';

const MAX_PORTS = 16;

/** `count` and `maxBlocks` are for all ports together. */
export type ListeningPortsOptions = Omit<LanesOptions, 'port'> & { ports: readonly number[] };

/** The UDP ports of a server, each with its own lanes; what is known of paths is known to all. */
export class ListeningPorts {
  /** What the first lane of the first port found. */
  readonly path: LanePath;
  readonly #listening: readonly Lanes[];

  /**
   * All of them or none.
   * @throws JetStreamError `address-in-use`, `permission-denied`, `invalid-argument`
   */
  static async start(
    { ports, count, maxBlocks, ...options }: ListeningPortsOptions,
    host: LaneHost,
  ): Promise<ListeningPorts> {
    checkPorts(ports);
    const listening: Lanes[] = [];
    try {
      for (const port of ports) {
        const lanes: Lanes = await Lanes.start(
          {
            ...options,
            port,
            count: Math.max(1, Math.floor(count / ports.length)),
            maxBlocks: Math.ceil(maxBlocks / ports.length),
          },
          {
            ...host,
            onPathSeen: (path) => {
              for (const other of listening) if (other !== lanes) other.learnPath(path);
              host.onPathSeen(path);
            },
          },
        );
        listening.push(lanes);
      }
    } catch (error) {
      await Promise.all(listening.map((lanes) => lanes.close()));
      throw error;
    }
    return new ListeningPorts(listening);
  }

  private constructor(listening: readonly Lanes[]) {
    this.#listening = listening;
    this.path = listening[0]!.path;
  }

  /** At least one. */
  get ports(): number[] {
    return this.#listening.map(({ path }) => path.port);
  }

  /** Lanes of all ports. */
  get count(): number {
    return this.#listening.reduce((sum, { count }) => sum + count, 0);
  }

  /** Tells of a path, for connections to come. */
  learnPath(path: KnownPath): void {
    for (const lanes of this.#listening) lanes.learnPath(path);
  }

  /** On all ports, as `Lanes.expectDiscover`. */
  expectDiscover(token: Uint8Array): void {
    for (const lanes of this.#listening) lanes.expectDiscover(token);
  }

  /** Waits for it no more. */
  forgetDiscover(token: Uint8Array): void {
    for (const lanes of this.#listening) lanes.forgetDiscover(token);
  }

  /** @param port of ours that it goes from */
  sendDiscover(token: Uint8Array, to: PathAddress, port: number): void {
    this.#listening.find(({ path }) => path.port === port)?.sendDiscover(token, to);
  }

  /** Takes no new peers. */
  stopAccepting(): void {
    for (const lanes of this.#listening) lanes.stopAccepting();
  }

  /** As `Lanes.close`. */
  async close(): Promise<void> {
    await Promise.all(this.#listening.map((lanes) => lanes.close()));
  }
}

function checkPorts(ports: readonly number[]): void {
  if (ports.length < 1 || ports.length > MAX_PORTS) {
    throw new JetStreamError('invalid-argument', `a server has 1 to ${MAX_PORTS} ports, not ${ports.length}`);
  }
  const fixed = ports.filter((port) => port !== 0);
  if (new Set(fixed).size < fixed.length) {
    throw new JetStreamError('invalid-argument', `a port is given twice: ${ports.join(', ')}`);
  }
}
