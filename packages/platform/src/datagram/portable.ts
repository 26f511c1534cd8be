import { createSocket, type Socket } from 'node:dgram';
import { JetStreamError } from '@jetstream/protocol';
import { AddressBook } from './address-book.ts';
import { bindError, checkHost } from './bind-error.ts';
import type { DatagramAddress, DatagramPath, DatagramPathOptions } from './contract.ts';
import { LOOPBACK_DATAGRAM_BYTES, maxDatagramBytesFor } from './datagram-size.ts';
import { isIpv6Text } from './ip-version.ts';
import { socketBufferBytes, tuneSocket } from './socket-options.ts';

/** Datagrams handed to Node and not reported sent. */
const SEND_BUFFERS = 256;
/** `onDrain` waits for so many free buffers, so that a batch goes out each time. */
const DRAIN_AT_FREE = SEND_BUFFERS / 2;
/** No less is asked for in place of what the kernel refused. */
const MIN_SOCKET_BUFFER_BYTES = 64 * 2 ** 10;
const CLOSE_TIMEOUT_MS = 250;

/**
 * Opens a UDP socket of `node:dgram` as a datagram path: works wherever Node does.
 * @throws JetStreamError `address-in-use`, `permission-denied`, `invalid-argument` when the port cannot be had
 */
export async function openPortableDatagramPath(options: DatagramPathOptions): Promise<DatagramPath> {
  const { port = 0, host } = options;
  if (host !== undefined) {
    checkHost(host);
    return new PortableDatagramPath(await bind(isIpv6Text(host), port, host), options);
  }
  try {
    return new PortableDatagramPath(await bind(true, port, '::'), options);
  } catch (error) {
    // No IPv6 on this machine; anything else is the same for IPv4.
    if (error instanceof JetStreamError && error.code !== 'invalid-argument') throw error;
    return new PortableDatagramPath(await bind(false, port, '0.0.0.0'), options);
  }
}

async function bind(ipv6: boolean, port: number, host: string): Promise<BoundSocket> {
  const book = new AddressBook(ipv6);
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    // Node asks for every datagram; it gets the address itself, at once, and never DNS.
    lookup: (address, _, callback) => callback(null, book.toSocket(address), ipv6 ? 6 : 4),
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, address: host, exclusive: true }, () => {
        socket.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    socket.close();
    throw bindError(error as NodeJS.ErrnoException, host, port);
  }
  const bufferBytes = socketBufferBytes();
  setBuffers(socket, bufferBytes);
  tuneSocket(descriptorOf(socket), { ipv6, bufferBytes });
  return { socket, book };
}

interface BoundSocket {
  socket: Socket;
  book: AddressBook;
}

class PortableDatagramPath implements DatagramPath {
  readonly kind = 'portable';
  readonly maxDatagramBytes = LOOPBACK_DATAGRAM_BYTES;
  readonly localPort: number;
  readonly receiveBufferBytes: number;
  private readonly socket: Socket;
  private readonly options: DatagramPathOptions;
  private readonly buffers: Uint8Array[];
  /** One callback for each buffer, made once. */
  private readonly sent: ((error: Error | null) => void)[];
  /** Stack of the numbers of free buffers. */
  private readonly free = new Int32Array(SEND_BUFFERS);
  private freeCount = SEND_BUFFERS;
  private drainOwed = false;
  private state: 'open' | 'closing' | 'closed' = 'open';
  private allSent: (() => void) | undefined;

  constructor({ socket, book }: BoundSocket, options: DatagramPathOptions) {
    this.socket = socket;
    this.options = options;
    this.localPort = socket.address().port;
    this.receiveBufferBytes = socket.getRecvBufferSize();
    const memory = new ArrayBuffer(SEND_BUFFERS * this.maxDatagramBytes);
    this.buffers = Array.from(
      { length: SEND_BUFFERS },
      (_, index) => new Uint8Array(memory, index * this.maxDatagramBytes, this.maxDatagramBytes),
    );
    this.sent = this.buffers.map((_, index) => (error) => this.onSent(index, error));
    this.free.forEach((_, index) => {
      this.free[index] = index;
    });
    socket.on('message', (datagram, { address, port }) => {
      if (this.state === 'open') options.onReceive(datagram, book.fromSocket(address, port));
    });
    socket.on('error', (error) => this.report(error));
  }

  /** No more than Ethernet takes: without native functions nothing keeps the system from cutting larger ones into fragments. */
  maxDatagramBytesFor(address: string): number {
    return maxDatagramBytesFor(address);
  }

  reserve(): Uint8Array | undefined {
    if (this.state !== 'open') return undefined;
    if (this.freeCount > 0) return this.buffers[this.free[this.freeCount - 1]!];
    this.drainOwed = true;
    return undefined;
  }

  commit(byteLength: number, to: DatagramAddress): void {
    if (this.state !== 'open' || this.freeCount === 0) return;
    const index = this.free[--this.freeCount]!;
    try {
      this.socket.send(this.buffers[index]!, 0, byteLength, to.port, to.address, this.sent[index]);
    } catch (error) {
      // A port or length that Node refuses to try.
      this.onSent(index, error as Error);
    }
  }

  async close(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'closing';
    if (this.freeCount < SEND_BUFFERS) await this.untilAllSent();
    this.state = 'closed';
    await new Promise<void>((resolve) => {
      this.socket.close(() => resolve());
    });
  }

  private onSent(index: number, error: Error | null): void {
    this.free[this.freeCount++] = index;
    if (error) this.report(error);
    if (this.freeCount === SEND_BUFFERS) this.allSent?.();
    if (this.drainOwed && this.freeCount >= DRAIN_AT_FREE) {
      this.drainOwed = false;
      setImmediate(this.drain);
    }
  }

  /** After a turn of the event loop: a sender that never waits for the kernel would keep datagrams from being received. */
  private readonly drain = (): void => {
    if (this.state === 'open') this.options.onDrain();
  };

  private report(error: NodeJS.ErrnoException): void {
    if (this.state === 'open') this.options.onError(error);
  }

  private async untilAllSent(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      this.allSent = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Some systems refuse a size over their limit instead of granting the limit. */
function setBuffers(socket: Socket, wantedBytes: number): void {
  const leastBytes = Math.min(MIN_SOCKET_BUFFER_BYTES, wantedBytes);
  for (const set of [socket.setRecvBufferSize, socket.setSendBufferSize]) {
    for (let bytes = wantedBytes; bytes >= leastBytes; bytes = Math.floor(bytes / 2)) {
      try {
        set.call(socket, bytes);
        break;
      } catch {
        // Half of it, then.
      }
    }
  }
}

/** Node has it under a symbol of its own; -1 where it is not there. */
function descriptorOf(socket: Socket): number {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
  const state = key && (socket as unknown as Record<symbol, { handle?: { fd?: number } }>)[key];
  return state?.handle?.fd ?? -1;
}
