import { type DatagramAddress, type DatagramPath, openPortableDatagramPath } from '@jetstream/platform';
import { monotonicNowUs } from '../monotonic-clock.ts';
import type { LaneEngine, PathTraits } from './lane-engine.ts';
import type { LaneMail } from './lane-mail.ts';

/** Wakes nearer than this are spun for on the event loop: a timer would be up to two milliseconds late. */
const SPIN_BELOW_US = 700;
/** Datagrams sent before incoming ones get their turn. */
const DATAGRAMS_PER_TURN = 256;

export interface PortableLoopOptions {
  port: number;
  host: string | undefined;
  makeEngine: (path: PathTraits) => LaneEngine;
  mail: LaneMail;
}

/** Turns an engine on Node's own sockets and event loop: what `runNativeLoop` does where there is no native socket. */
export class PortableLoop {
  readonly path: DatagramPath;
  readonly #engine: LaneEngine;
  readonly #mail: LaneMail;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #stopped = false;

  /**
   * Binds the port and begins.
   * @throws JetStreamError `address-in-use`, `permission-denied`, `invalid-argument`
   */
  static async start({ port, host, makeEngine, mail }: PortableLoopOptions): Promise<PortableLoop> {
    // Nothing comes in before the caller's next turn, so this is set by then.
    let loop!: PortableLoop;
    const path = await openPortableDatagramPath({
      port,
      ...(host === undefined ? {} : { host }),
      onReceive: (datagram, from) => loop.#receive(datagram, from),
      onDrain: () => loop.#schedule(),
      onError: ({ code = '', message }) => loop.#engine.tell({ lane: 'path-error', code, message }),
    });
    const engine = makeEngine({
      maxDatagramBytes: path.maxDatagramBytes,
      // Node's sockets let the system cut a datagram into fragments.
      maxDatagramBytesTo: (address) => path.maxDatagramBytesFor(address),
    });
    loop = new PortableLoop(path, engine, mail);
    mail.onArrival(
      (command) => loop.#engine.run(command),
      () => loop.#schedule(),
    );
    return loop;
  }

  private constructor(path: DatagramPath, engine: LaneEngine, mail: LaneMail) {
    this.path = path;
    this.#engine = engine;
    this.#mail = mail;
  }

  #receive(datagram: Uint8Array, from: DatagramAddress): void {
    this.#engine.endpoint.receive(monotonicNowUs(), datagram, from);
    this.#schedule();
  }

  /** Call after anything that may give the endpoint something to send or tell. Many calls make one turn. */
  #schedule(): void {
    if (this.#turn === undefined && !this.#stopped) this.#turn = setImmediate(() => this.#takeTurn());
  }

  #takeTurn(): void {
    this.#turn = undefined;
    const engine = this.#engine;
    engine.collectEvents();
    const more = this.#send();
    engine.collectEvents();
    engine.collectStats(monotonicNowUs(), true);
    this.#mail.send(engine.takeOutbox());
    if (engine.stopping) this.#stop();
    else if (more) this.#schedule();
    else this.#sleep();
  }

  /** @returns whether the turn's share was used up while there was more to send */
  #send(): boolean {
    for (let sent = 0; sent < DATAGRAMS_PER_TURN; sent++) {
      const buffer = this.path.reserve();
      if (buffer === undefined) return false;
      const { bytes, address } = this.#engine.endpoint.transmit(monotonicNowUs(), buffer);
      if (bytes === 0) return false;
      this.path.commit(bytes, address);
    }
    return true;
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    if (this.#turn !== undefined) return;
    const waitUs = this.#engine.nextWakeUs() - monotonicNowUs();
    if (waitUs === Number.POSITIVE_INFINITY) return;
    if (waitUs < SPIN_BELOW_US) this.#schedule();
    else this.#timer = setTimeout(() => this.#schedule(), Math.min(Math.floor(waitUs / 1000), 60_000));
  }

  #stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#mail.close();
    void this.path.close();
  }
}
