import { type DatagramAddress, type DatagramPath, openDatagramPath } from '@jetstream/platform';
import type { Connection, Endpoint } from '@jetstream/transport';
import { monotonicNowUs } from './monotonic-clock.ts';

/** Wakes nearer than this are spun for on the event loop: a timer would be up to two milliseconds late. */
const SPIN_BELOW_US = 700;
/** Datagrams sent before incoming ones get their turn. */
const DATAGRAMS_PER_TURN = 256;

export interface DatagramDriverOptions {
  path: { port: number; host?: string };
  makeEndpoint: (path: DatagramPath) => Endpoint;
  onReady: (connection: Connection) => void;
  onError: (error: NodeJS.ErrnoException) => void;
}

/**
 * Runs an endpoint on a datagram path: feeds it datagrams and time, sends what it has, and hands out connections that
 * have events. The only place where the transport meets real time.
 */
export class DatagramDriver {
  readonly endpoint: Endpoint;
  readonly path: DatagramPath;
  readonly #onReady: (connection: Connection) => void;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #closed = false;

  /**
   * Opens a path and runs the endpoint that `makeEndpoint` makes for it.
   * @throws JetStreamError `address-in-use`, `permission-denied`, `invalid-argument`
   */
  static async open(options: DatagramDriverOptions): Promise<DatagramDriver> {
    // Nothing comes in before the caller's next turn, so these are set by then.
    let driver!: DatagramDriver;
    const path = await openDatagramPath({
      ...options.path,
      onReceive: (datagram, from) => driver.#receive(datagram, from),
      onDrain: () => driver.schedule(),
      onError: options.onError,
    });
    driver = new DatagramDriver(path, options.makeEndpoint(path), options.onReady);
    return driver;
  }

  private constructor(path: DatagramPath, endpoint: Endpoint, onReady: (connection: Connection) => void) {
    this.path = path;
    this.endpoint = endpoint;
    this.#onReady = onReady;
  }

  /** Call after anything that may give the endpoint something to send or tell. Many calls make one turn. */
  schedule(): void {
    if (this.#turn === undefined && !this.#closed) this.#turn = setImmediate(() => this.#takeTurn());
  }

  /** Sends what is due at once, e.g. a CLOSE before the process ends. */
  flush(): void {
    this.#deliverEvents();
    this.#send();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    await this.path.close();
  }

  #receive(datagram: Uint8Array, from: DatagramAddress): void {
    this.endpoint.receive(monotonicNowUs(), datagram, from);
    this.schedule();
  }

  #takeTurn(): void {
    this.#turn = undefined;
    if (this.#closed) return;
    this.#deliverEvents();
    const more = this.#send();
    this.#deliverEvents();
    if (more) this.schedule();
    else this.#sleep();
  }

  #deliverEvents(): void {
    for (let ready = this.endpoint.pollReady(); ready !== undefined; ready = this.endpoint.pollReady()) {
      this.#onReady(ready);
    }
  }

  /** @returns whether the turn's share was used up while there was more to send */
  #send(): boolean {
    for (let sent = 0; sent < DATAGRAMS_PER_TURN; sent++) {
      const buffer = this.path.reserve();
      if (buffer === undefined) return false;
      const transmission = this.endpoint.transmit(monotonicNowUs(), buffer);
      if (transmission.bytes === 0) return false;
      this.path.commit(transmission.bytes, transmission.address);
    }
    return true;
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    if (this.#turn !== undefined) return;
    const waitUs = this.endpoint.nextWakeUs() - monotonicNowUs();
    if (waitUs === Number.POSITIVE_INFINITY) return;
    if (waitUs < SPIN_BELOW_US) this.schedule();
    else this.#timer = setTimeout(() => this.schedule(), Math.min(Math.floor(waitUs / 1000), 60_000));
  }
}
