import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Stands between a client and a server on loopback; can be cut, and can lead to another server. */
export class Relay {
  readonly #front = createSocket('udp4');
  readonly #back = createSocket('udp4');
  #clientPort = 0;
  /** Nothing passes, either way. */
  isCut = false;
  serverPort: number;
  /** Datagrams of clients, also those that did not pass. */
  received = 0;

  private constructor(serverPort: number) {
    this.serverPort = serverPort;
    this.#front.on('message', (datagram, { port }) => {
      this.#clientPort = port;
      this.received++;
      if (!this.isCut) this.#back.send(datagram, this.serverPort, '127.0.0.1');
    });
    this.#back.on('message', (datagram) => {
      if (!this.isCut) this.#front.send(datagram, this.#clientPort, '127.0.0.1');
    });
  }

  static async to(serverPort: number): Promise<Relay> {
    const relay = new Relay(serverPort);
    await Promise.all([relay.#front, relay.#back].map(bound));
    return relay;
  }

  get port(): number {
    return this.#front.address().port;
  }

  close(): void {
    this.#front.close();
    this.#back.close();
  }
}

async function bound(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
}
