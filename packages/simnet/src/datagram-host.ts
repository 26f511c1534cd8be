import type { PathAddress, Transmission } from '@jetstream/transport';

/** What the simulator drives: the three calls of `Connection` and `Endpoint`, and of toys in tests. */
export interface DatagramHost {
  /**
   * @param datagram may be changed in place; its memory is spoiled after the application was served
   * @param ecn codepoint of the IP header as it arrived, as in `Ecn`
   */
  receive(nowUs: number, datagram: Uint8Array, from: PathAddress, ecn: number): void;
  transmit(nowUs: number, out: Uint8Array): Transmission;
  nextWakeUs(): number;
}

/** What runs on top of a host: drains its events and calls its other methods. */
export interface HostApplication {
  /** Called after each receive and after everything due was sent. True: something was done, so ask the host to transmit again. */
  serve(nowUs: number): boolean;
}

export interface SimulatedHostOptions {
  name: string;
  host: DatagramHost;
  application: HostApplication;
  /** What the world sees at first; see `Simulation.rebind`. */
  address: PathAddress;
  /** Codepoint that its socket puts on what it sends, as in `Ecn`. Default 0, not capable. */
  ecn?: number;
  /** How late the host's timers fire, as a busy process would. Default 0. */
  timerLatenessUs?: number;
  /**
   * How late the host notices an arrival, at random between the two; it then takes all that has come, as a thread that sleeps in
   * poll does. Default: each datagram at once.
   */
  receiveLatenessUs?: { readonly least: number; readonly most: number };
  /** What its socket holds while the host is stopped; more is lost. Default 208 KiB, as Linux has it. */
  socketBufferBytes?: number;
}
