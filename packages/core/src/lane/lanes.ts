import { availableParallelism } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import { EventFd } from '@jetstream/platform';
import type { PathAddress } from '@jetstream/transport';
import type { KnownPath } from '../contract.ts';
import { Lane, type LaneHost } from './lane.ts';
import type { LaneConnection } from './lane-connection.ts';
import type { LaneOptions, LanePath } from './lane-messages.ts';
import type { LaneNeighbour } from './lane-neighbours.ts';

const MAX_LANES_BY_DEFAULT = 4;

/** One for each two processors: the storage threads need the others. */
export function defaultLaneCount(): number {
  return Math.min(MAX_LANES_BY_DEFAULT, Math.max(1, Math.floor(availableParallelism() / 2)));
}

/** `maxBlocks` is for all lanes together. */
export type LanesOptions = Omit<LaneOptions, 'index' | 'neighbours' | 'wakeFd'> & { count: number };

/** The network threads of a server or a client, on one UDP port, with the events that wake them. */
export class Lanes {
  /** What the first lane found; the others are like it. */
  readonly path: LanePath;
  readonly #lanes: readonly Lane[];
  readonly #wakes: readonly EventFd[];

  /**
   * The first lane finds out how the port can be had; where that is the portable path it stays alone, since sharing a port
   * is a matter of native sockets.
   * @throws JetStreamError `address-in-use`, `permission-denied`, `invalid-argument`
   */
  static async start({ count, ...options }: LanesOptions, host: LaneHost): Promise<Lanes> {
    const wakes = options.portable ? [] : eventFds(count);
    const neighbours = joined(wakes);
    const maxBlocks = Math.ceil(options.maxBlocks / Math.max(1, wakes.length));
    const start = (index: number, port: number) =>
      new Lane({ ...options, port, maxBlocks, index, neighbours: neighbours[index] ?? [] }, wakes[index], {
        ...host,
        onPathSeen: (path) => {
          for (const lane of lanes) if (lane !== lanes[index]) lane.learnPath(path);
          host.onPathSeen(path);
        },
      });
    const lanes: Lane[] = [];
    lanes.push(start(0, options.port));
    try {
      const path = await lanes[0]!.ready;
      if (path.kind === 'native') {
        for (let index = 1; index < wakes.length; index++) lanes.push(start(index, path.port));
      }
      await Promise.all(lanes.map((lane) => lane.ready));
      return new Lanes(lanes, wakes, path);
    } catch (error) {
      await closeAll(lanes, wakes);
      throw error;
    }
  }

  private constructor(lanes: readonly Lane[], wakes: readonly EventFd[], path: LanePath) {
    this.#lanes = lanes;
    this.#wakes = wakes;
    this.path = path;
  }

  get count(): number {
    return this.#lanes.length;
  }

  /** Begins a handshake. The server's key, or the failure, comes as an event. */
  connect(to: PathAddress): LaneConnection {
    return this.#lanes[0]!.connect(to);
  }

  /** Tells of a path, for connections to come. */
  learnPath(path: KnownPath): void {
    for (const lane of this.#lanes) lane.learnPath(path);
  }

  /** On all lanes: nobody knows which one the system gives it to. Each may tell of one. */
  expectDiscover(token: Uint8Array): void {
    for (const lane of this.#lanes) lane.expectDiscover(token);
  }

  /** Waits for it no more. */
  forgetDiscover(token: Uint8Array): void {
    for (const lane of this.#lanes) lane.forgetDiscover(token);
  }

  /** As `Lane.sendDiscover`. */
  sendDiscover(token: Uint8Array, to: PathAddress): void {
    this.#lanes[0]!.sendDiscover(token, to);
  }

  /** Takes no new peers. */
  stopAccepting(): void {
    for (const lane of this.#lanes) lane.stopAccepting();
  }

  /** Sends what is due, e.g. the end of connections that were closed, and ends the threads. */
  async close(): Promise<void> {
    await closeAll(this.#lanes, this.#wakes);
  }
}

/** An event is closed when no thread is left that might ring it. */
async function closeAll(lanes: readonly Lane[], wakes: readonly EventFd[]): Promise<void> {
  await Promise.all(lanes.map((lane) => lane.close()));
  for (const wake of wakes) wake.close();
}

function eventFds(count: number): EventFd[] {
  return Array.from({ length: count }, () => EventFd.create()).filter((event) => event !== undefined);
}

/** The two ends of the line between each two lanes: `joined(wakes)[i]` is for lane i. */
function joined(wakes: readonly EventFd[]): LaneNeighbour[][] {
  const neighbours = wakes.map((): LaneNeighbour[] => []);
  for (let one = 0; one < wakes.length; one++) {
    for (let other = one + 1; other < wakes.length; other++) {
      const { port1, port2 } = new MessageChannel();
      neighbours[one]!.push({ index: other, port: port1, wakeFd: wakes[other]!.fd });
      neighbours[other]!.push({ index: one, port: port2, wakeFd: wakes[one]!.fd });
    }
  }
  return neighbours;
}
