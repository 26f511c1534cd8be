import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type DatagramAddress, EventFd } from '@jetstream/platform';
import { connectionIdLane, isHandshakePacket, PROTECTED_HEADER_BYTES } from '@jetstream/protocol';

/** How a lane reaches another one that shares its port. */
export interface LaneNeighbour {
  index: number;
  port: MessagePort;
  wakeFd: number;
}

interface Astray {
  datagram: Uint8Array;
  from: DatagramAddress;
}

/**
 * The lanes that share a port. The kernel spreads peers over their sockets by address; a peer whose address changed may come
 * out at the wrong one, which passes its packets on to the lane that the connection id names.
 */
export class LaneNeighbours {
  readonly #own: number;
  readonly #ports: readonly MessagePort[];
  readonly #byIndex = new Map<number, { port: MessagePort; wake: EventFd }>();

  constructor(own: number, neighbours: readonly LaneNeighbour[]) {
    this.#own = own;
    this.#ports = neighbours.map(({ port }) => port);
    for (const { index, port, wakeFd } of neighbours) {
      this.#byIndex.set(index, { port, wake: EventFd.of(wakeFd) });
    }
  }

  /** @returns whether the datagram `bytes[start, end)` belongs to another lane and is on its way there */
  passOn(bytes: Uint8Array, { address, port }: DatagramAddress, start: number, end: number): boolean {
    if (
      this.#ports.length === 0 ||
      end - start < PROTECTED_HEADER_BYTES ||
      isHandshakePacket(bytes, start, end)
    )
      return false;
    const lane = connectionIdLane(bytes, start + 1);
    if (lane === this.#own) return false;
    const neighbour = this.#byIndex.get(lane);
    if (neighbour === undefined) return false;
    const astray: Astray = { datagram: bytes.slice(start, end), from: { address, port } };
    neighbour.port.postMessage(astray);
    neighbour.wake.signal();
    return true;
  }

  /** Hands out what others passed on. */
  takeIn(receive: (datagram: Uint8Array, from: DatagramAddress) => void): void {
    for (const port of this.#ports) {
      for (let mail = receiveMessageOnPort(port); mail !== undefined; mail = receiveMessageOnPort(port)) {
        const { datagram, from } = mail.message as Astray;
        receive(datagram, from);
      }
    }
  }
}
