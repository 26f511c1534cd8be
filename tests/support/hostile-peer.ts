import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { seededRandom } from '../../tools/lossy-proxy/src/seeded-random.mjs';

/** A UDP port of this machine that answers each datagram as it is told. */
export class HostilePeer {
  readonly #socket: Socket;
  received = 0;

  private constructor(answer: (datagram: Buffer) => Buffer[]) {
    this.#socket = createSocket('udp4');
    this.#socket.on('message', (datagram, { port, address }) => {
      this.received += 1;
      for (const bytes of answer(datagram)) this.#socket.send(bytes, port, address);
    });
  }

  static async answering(answer: (datagram: Buffer) => Buffer[]): Promise<HostilePeer> {
    const peer = new HostilePeer(answer);
    peer.#socket.bind(0, '127.0.0.1');
    await once(peer.#socket, 'listening');
    return peer;
  }

  static silent(): Promise<HostilePeer> {
    return HostilePeer.answering(() => []);
  }

  /** Random bytes, and mutations of what was sent, with first bytes that look like every kind of packet. */
  static garbage(seed: number): Promise<HostilePeer> {
    const random = seededRandom(seed);
    const noise = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
    const kinds = [0x80, 0x81, 0x82, 0x83, 0x84, 0x00, 0x40, 0xff];
    return HostilePeer.answering((datagram) => {
      const answers = kinds.map((kind) => {
        const bytes = random() < 0.5 ? noise(Math.floor(random() * 1400)) : Buffer.from(datagram);
        for (let index = 0; index < 8; index += 1)
          bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
        if (bytes.length > 0) bytes[0] = kind;
        return bytes;
      });
      return [Buffer.alloc(0), Buffer.of(0x81), ...answers];
    });
  }

  /** VersionNegotiation (PROTOCOL.md §1.1) that offers only a version nobody speaks. */
  static ofAnotherVersion(): Promise<HostilePeer> {
    return HostilePeer.answering((initial) => {
      const sourceConnectionId = initial.subarray(13, 21);
      const nothing = Buffer.alloc(8);
      return [
        Buffer.concat([Buffer.of(0x84, 0, 0, 0, 0), sourceConnectionId, nothing, Buffer.of(0x7f, 0, 0, 1)]),
      ];
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.close();
  }
}
