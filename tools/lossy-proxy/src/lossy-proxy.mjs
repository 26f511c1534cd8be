import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { seededRandom } from './seeded-random.mjs';

/**
 * @typedef {object} LossyProxyOptions
 * @property {number} serverPort
 * @property {string} [serverHost] an address; default 127.0.0.1
 * @property {number} [listenPort] default: a free one
 * @property {number} [seed] default 1
 * @property {number} [loss] share of datagrams that vanish, 0…1
 * @property {number} [duplicate] share that arrives twice
 * @property {number} [reorder] share that is held back by `reorderMs`
 * @property {number} [reorderMs] default 5
 * @property {number} [delayMs] added to every datagram, each way; default 0
 * @property {number} [maxDatagramBytes] larger ones vanish without a word; default: all pass
 */

/**
 * @typedef {object} ProxyCounts
 * @property {number} forwarded
 * @property {number} lost
 * @property {number} tooLarge
 * @property {number} duplicated
 * @property {number} reordered
 * @property {number} rebindings
 */

const SOCKET_BUFFER_BYTES = 4 * 2 ** 20;

/**
 * A UDP proxy before one server that treats datagrams, both ways, as a bad network does. Each client has a socket of its
 * own towards the server, so the server sees one address for each; `rebind` changes them, as a NAT does that forgot.
 * @param {LossyProxyOptions} options
 */
export async function startLossyProxy(options) {
  const proxy = new LossyProxy(options);
  await proxy.listen(options.listenPort ?? 0);
  return proxy;
}

export class LossyProxy {
  #options;
  #random;
  #front;
  /** @type {Map<string, { address: string, port: number, upstream: import('node:dgram').Socket }>} */
  #clients = new Map();
  /** @type {Set<NodeJS.Timeout>} */
  #held = new Set();
  #closed = false;
  /** @type {ProxyCounts} */
  counts = { forwarded: 0, lost: 0, tooLarge: 0, duplicated: 0, reordered: 0, rebindings: 0 };

  /** @param {LossyProxyOptions} options */
  constructor(options) {
    this.#options = {
      serverHost: '127.0.0.1',
      loss: 0,
      duplicate: 0,
      reorder: 0,
      reorderMs: 5,
      delayMs: 0,
      maxDatagramBytes: Number.POSITIVE_INFINITY,
      ...options,
    };
    this.#random = seededRandom(options.seed ?? 1);
    this.#front = createSocket(this.#family());
    this.#front.on('message', (datagram, from) => this.#fromClient(datagram, from));
    this.#front.on('error', () => {});
  }

  get port() {
    return this.#front.address().port;
  }

  /** @param {number} port */
  async listen(port) {
    this.#front.bind(port, this.#family() === 'udp6' ? '::1' : '127.0.0.1');
    await once(this.#front, 'listening');
    growBuffers(this.#front);
  }

  /** From now on the server sees every client at a new address. */
  rebind() {
    this.counts.rebindings += 1;
    for (const client of this.#clients.values()) {
      client.upstream.close();
      client.upstream = this.#openUpstream(client);
    }
  }

  close() {
    this.#closed = true;
    for (const timer of this.#held) clearTimeout(timer);
    for (const { upstream } of this.#clients.values()) upstream.close();
    this.#front.close();
  }

  /**
   * @param {Buffer} datagram
   * @param {{ address: string, port: number }} from
   */
  #fromClient(datagram, { address, port }) {
    const key = `${address} ${port}`;
    let client = this.#clients.get(key);
    if (!client) {
      const created = { address, port };
      client = { ...created, upstream: this.#openUpstream(created) };
      this.#clients.set(key, client);
    }
    const known = client;
    const { serverPort, serverHost } = this.#options;
    this.#pass(datagram, () => known.upstream.send(datagram, serverPort, serverHost));
  }

  /** @param {{ address: string, port: number }} client */
  #openUpstream({ address, port }) {
    const upstream = createSocket(this.#family());
    upstream.on('message', (datagram) =>
      this.#pass(datagram, () => this.#front.send(datagram, port, address)),
    );
    upstream.on('error', () => {});
    upstream.bind(0, () => growBuffers(upstream));
    return upstream;
  }

  /**
   * Decides what becomes of one datagram.
   * @param {Buffer} datagram
   * @param {() => void} send
   */
  #pass(datagram, send) {
    const { loss, duplicate, reorder, reorderMs, delayMs, maxDatagramBytes } = this.#options;
    if (datagram.length > maxDatagramBytes) {
      this.counts.tooLarge += 1;
      return;
    }
    if (this.#random() < loss) {
      this.counts.lost += 1;
      return;
    }
    const late = this.#random() < reorder;
    if (late) this.counts.reordered += 1;
    this.#after(delayMs + (late ? reorderMs : 0), send);
    if (this.#random() < duplicate) {
      this.counts.duplicated += 1;
      this.#after(delayMs + this.#random() * reorderMs, send);
    }
  }

  /**
   * @param {number} delayMs
   * @param {() => void} send
   */
  #after(delayMs, send) {
    const forward = () => {
      if (this.#closed) return;
      this.counts.forwarded += 1;
      send();
    };
    if (delayMs === 0) {
      forward();
      return;
    }
    const timer = setTimeout(() => {
      this.#held.delete(timer);
      forward();
    }, delayMs);
    this.#held.add(timer);
  }

  #family() {
    return isIPv6(this.#options.serverHost) ? 'udp6' : 'udp4';
  }
}

/** As large as the system allows, so that what is lost is lost on purpose. @param {import('node:dgram').Socket} socket */
function growBuffers(socket) {
  try {
    socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
    socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
  } catch {
    // The default has to do.
  }
}
