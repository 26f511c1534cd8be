import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const BYTES_PER_MS = 5_000;
const QUEUE_BYTES = 500_000;

/** Stands between a client and a server on loopback as a line of 40 Mbit/s each way, which is slower than any disk or CPU. */
export class SlowPath {
  readonly #front = createSocket('udp4');
  readonly #back = createSocket('udp4');
  #isOpen = true;
  #clientPort = 0;

  static async to(serverPort: number): Promise<SlowPath> {
    const path = new SlowPath();
    const there = new SlowLink((datagram) => path.#send(path.#back, datagram, serverPort));
    const back = new SlowLink((datagram) => path.#send(path.#front, datagram, path.#clientPort));
    path.#front.on('message', (datagram, { port }) => {
      path.#clientPort = port;
      there.carry(datagram);
    });
    path.#back.on('message', (datagram) => back.carry(datagram));
    await Promise.all([path.#front, path.#back].map(bound));
    return path;
  }

  get port(): number {
    return this.#front.address().port;
  }

  close(): void {
    this.#isOpen = false;
    this.#front.close();
    this.#back.close();
  }

  /** What is still under way when the path is closed gets lost. */
  #send(socket: Socket, datagram: Uint8Array, port: number): void {
    if (this.#isOpen) socket.send(datagram, port, '127.0.0.1');
  }
}

class SlowLink {
  readonly #deliver: (datagram: Uint8Array) => void;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #freeAtMs = 0;

  constructor(deliver: (datagram: Uint8Array) => void) {
    this.#deliver = deliver;
  }

  carry(datagram: Uint8Array): void {
    if (this.#queuedBytes + datagram.length > QUEUE_BYTES) return;
    this.#queuedBytes += datagram.length;
    if (this.#queue.push(datagram) === 1) this.#waitForFirst();
  }

  #waitForFirst(): void {
    const nowMs = performance.now();
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + this.#queue[0]!.length / BYTES_PER_MS;
    setTimeout(() => this.#deliverDue(), this.#freeAtMs - nowMs);
  }

  #deliverDue(): void {
    const nowMs = performance.now();
    while (this.#queue.length > 0 && this.#freeAtMs <= nowMs) {
      const datagram = this.#queue.shift()!;
      this.#queuedBytes -= datagram.length;
      this.#deliver(datagram);
      if (this.#queue.length > 0) this.#freeAtMs += this.#queue[0]!.length / BYTES_PER_MS;
    }
    if (this.#queue.length > 0) setTimeout(() => this.#deliverDue(), this.#freeAtMs - nowMs);
  }
}

async function bound(socket: Socket): Promise<void> {
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
}
