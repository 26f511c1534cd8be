import { Ecn } from '@jetstream/protocol';
import type { PathAddress } from '@jetstream/transport';
import type { SimulatedHostOptions } from './datagram-host.ts';
import { EventQueue } from './event-queue.ts';
import { Link } from './link.ts';
import type { LinkOptions } from './link-options.ts';
import { type ArrivalSink, Network } from './network.ts';
import { SeededRandom } from './random.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Why `run` came back. `idle`: no event is left, so nothing could ever happen again. */
export type RunEnd = 'over' | 'idle' | 'virtual-time-limit' | 'event-limit';

export interface SimulationOptions {
  seed: number;
  /** Hard bounds, so that no run is endless. Defaults: one virtual hour, 50 million events. */
  maxVirtualUs?: number;
  maxEvents?: number;
  /** Largest datagram that a host may write. Default 1,500. */
  maxDatagramBytes?: number;
  /** Called after a host dealt with an event; throws when something is not as it must always be. */
  checkInvariants?: (nowUs: number, host: number) => void;
}

const ARRIVAL = 0;
const TIMER = 1;
const ACTION = 2;
const NOBODY = -1;
const DEFAULT_SOCKET_BUFFER_BYTES = 208 * 1024;

interface HostState extends SimulatedHostOptions {
  /** Stopped until then. */
  stoppedUntilUs: number;
  /** Datagrams that it has not noticed. */
  inbox: number[];
  inboxBytes: number;
  socketBufferBytes: number;
  ecn: number;
  timerLatenessUs: number;
  /** When the timer event that counts fires; Infinity: none is set. */
  timerUs: number;
}

/** Hosts, links and an event loop in virtual time. The same seed and the same calls give the same run. */
export class Simulation implements ArrivalSink {
  readonly random: SeededRandom;
  readonly network: Network;
  /** Events handled and datagrams sent, the measure of `maxEvents`. */
  events = 0;
  /** Timers that fired when the host had said so, and then had nothing to send: a host that spins has many. */
  idleTimers = 0;
  readonly #clock = new VirtualClock();
  readonly #queue = new EventQueue();
  readonly #hosts: HostState[] = [];
  readonly #actions: ({ host: number; act: (nowUs: number) => void } | undefined)[] = [];
  readonly #freeActions: number[] = [];
  readonly #maxVirtualUs: number;
  readonly #maxEvents: number;
  readonly #checkInvariants: (nowUs: number, host: number) => void;

  constructor(options: SimulationOptions) {
    this.random = new SeededRandom(options.seed);
    this.network = new Network(options.maxDatagramBytes ?? 1500, this);
    this.#maxVirtualUs = options.maxVirtualUs ?? 3600e6;
    this.#maxEvents = options.maxEvents ?? 50e6;
    this.#checkInvariants = options.checkInvariants ?? (() => {});
  }

  get nowUs(): number {
    return this.#clock.nowUs;
  }

  /** @returns the host's index, which routes and actions name */
  addHost(options: SimulatedHostOptions): number {
    const index = this.network.addHost(options.address);
    this.#hosts.push({
      ...options,
      ecn: options.ecn ?? Ecn.NotCapable,
      timerLatenessUs: options.timerLatenessUs ?? 0,
      timerUs: Number.POSITIVE_INFINITY,
      stoppedUntilUs: 0,
      inbox: [],
      inboxBytes: 0,
      socketBufferBytes: options.socketBufferBytes ?? DEFAULT_SOCKET_BUFFER_BYTES,
    });
    this.at(index, this.nowUs, () => {}); // serves it once, so that it can begin
    return index;
  }

  addLink(options: LinkOptions): Link {
    return new Link(options, this.random);
  }

  addRoute(from: number, to: number, links: readonly Link[]): void {
    this.network.addRoute(from, to, links);
  }

  /** At `timeUs` a NAT gives the host another address; the host does not notice. */
  rebind(host: number, timeUs: number, address: PathAddress): void {
    this.observe(timeUs, () => this.network.rebind(host, address));
  }

  /** From `fromUs` to `untilUs` the host does nothing, as a process that is stopped (SIGSTOP); its socket goes on to take datagrams. */
  stop(host: number, fromUs: number, untilUs: number): void {
    const state = this.#hosts[host]!;
    this.observe(fromUs, () => {
      state.stoppedUntilUs = untilUs;
    });
    this.at(host, untilUs, () => this.#takeInbox(host));
  }

  /** Has `act` done at `timeUs` (not before now), after which the host is served. */
  at(host: number, timeUs: number, act: (nowUs: number) => void): void {
    const index = this.#freeActions.pop() ?? this.#actions.length;
    this.#actions[index] = { host, act };
    this.#queue.push(Math.max(timeUs, this.nowUs), ACTION, index);
  }

  /** Has `act` done at `timeUs` and no host served, so that looking on changes nothing. */
  observe(timeUs: number, act: (nowUs: number) => void): void {
    this.at(NOBODY, timeUs, act);
  }

  arrives(arrivesUs: number, slot: number): void {
    this.#queue.push(arrivesUs, ARRIVAL, slot);
  }

  /** Runs until `isOver`, asked after each event, says so, or a bound is reached. May be called again to go on. */
  run(isOver: () => boolean): RunEnd {
    const queue = this.#queue;
    while (!isOver()) {
      if (this.events >= this.#maxEvents) return 'event-limit';
      if (queue.size === 0) return 'idle';
      if (queue.nextTimeUs > this.#maxVirtualUs) return 'virtual-time-limit';
      queue.pop();
      this.events++;
      this.#clock.advanceTo(queue.timeUs);
      if (queue.kind === ARRIVAL) this.#arrival(queue.subject);
      else if (queue.kind === TIMER) this.#timer(queue.subject, queue.timeUs);
      else this.#action(queue.subject);
    }
    return 'over';
  }

  #arrival(slot: number): void {
    const { pool } = this.network;
    const index = this.network.forward(this.nowUs, slot);
    if (index < 0) return;
    const state = this.#hosts[index]!;
    const { receiveLatenessUs } = state;
    if (this.nowUs >= state.stoppedUntilUs && receiveLatenessUs === undefined) {
      this.#receive(state, slot);
      this.#serve(index);
      this.#discard(slot);
    } else if (state.inboxBytes + pool.bytes[slot]! > state.socketBufferBytes) {
      pool.release(slot);
    } else {
      state.inboxBytes += pool.bytes[slot]!;
      if (state.inbox.push(slot) > 1 || receiveLatenessUs === undefined) return;
      const { least, most } = receiveLatenessUs;
      this.at(index, this.nowUs + this.random.between(least, most), () => this.#takeInbox(index));
    }
  }

  #receive({ host }: HostState, slot: number): void {
    const { network } = this;
    host.receive(this.nowUs, network.pool.datagram(slot), network.sender(slot), network.ecn(slot));
  }

  #discard(slot: number): void {
    const { pool } = this.network;
    pool.datagram(slot).fill(0xdb); // whoever kept a reference to it finds out
    pool.release(slot);
  }

  #takeInbox(index: number): void {
    const state = this.#hosts[index]!;
    for (const slot of state.inbox) this.#receive(state, slot);
    for (const slot of state.inbox) this.#discard(slot);
    state.inbox.length = 0;
    state.inboxBytes = 0;
  }

  #timer(index: number, timeUs: number): void {
    const state = this.#hosts[index]!;
    if (state.timerUs !== timeUs) return; // an earlier one took its place
    if (this.nowUs < state.stoppedUntilUs) {
      state.timerUs = state.stoppedUntilUs;
      this.#queue.push(state.timerUs, TIMER, index);
      return;
    }
    state.timerUs = Number.POSITIVE_INFINITY;
    if (state.host.nextWakeUs() > this.nowUs) {
      this.#setTimer(index);
      return;
    }
    if (this.#serve(index) === 0) this.idleTimers++;
  }

  #action(index: number): void {
    const action = this.#actions[index]!;
    const stoppedUntilUs = action.host === NOBODY ? 0 : this.#hosts[action.host]!.stoppedUntilUs;
    if (this.nowUs < stoppedUntilUs) {
      this.#queue.push(stoppedUntilUs, ACTION, index);
      return;
    }
    this.#actions[index] = undefined;
    this.#freeActions.push(index);
    action.act(this.nowUs);
    if (action.host !== NOBODY) this.#serve(action.host);
  }

  /** Lets the application and the host do what is due now. @returns datagrams sent */
  #serve(index: number): number {
    const { application } = this.#hosts[index]!;
    let sent = 0;
    application.serve(this.nowUs);
    do sent += this.#transmit(index);
    while (application.serve(this.nowUs) && this.events < this.#maxEvents);
    this.#setTimer(index);
    this.#checkInvariants(this.nowUs, index);
    return sent;
  }

  #transmit(index: number): number {
    const { host, ecn } = this.#hosts[index]!;
    const { pool } = this.network;
    for (let sent = 0; ; sent++) {
      const slot = pool.acquire();
      const { bytes, address } = host.transmit(this.nowUs, pool.slot(slot));
      if (bytes === 0 || this.events >= this.#maxEvents) {
        pool.release(slot);
        return sent;
      }
      this.events++;
      this.network.send(this.nowUs, index, slot, bytes, address, ecn);
    }
  }

  #setTimer(index: number): void {
    const state = this.#hosts[index]!;
    const wakeUs = state.host.nextWakeUs();
    if (Number.isNaN(wakeUs)) throw new RangeError(`${state.name}: next wake time is not a number`);
    if (wakeUs === Number.POSITIVE_INFINITY) return;
    // A host that has sent everything and wants to be woken in the past is woken a microsecond later.
    const timerUs = wakeUs > this.nowUs ? wakeUs + state.timerLatenessUs : this.nowUs + 1;
    if (timerUs >= state.timerUs) return; // the earlier one looks again
    state.timerUs = timerUs;
    this.#queue.push(timerUs, TIMER, index);
  }
}
