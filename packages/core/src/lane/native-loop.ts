import { type DatagramAddress, type NativeSocket, type OnDatagram, Readiness } from '@jetstream/platform';
import type { TransportEndpoint } from '@jetstream/transport';
import { monotonicNowUs } from '../monotonic-clock.ts';
import type { LaneEngine } from './lane-engine.ts';
import type { LaneMail } from './lane-mail.ts';
import type { LaneCommand } from './lane-messages.ts';
import type { LaneNeighbours } from './lane-neighbours.ts';

/** Batches taken from the socket before anything is sent: acknowledgements must not wait for a flood to end. */
const BATCHES_PER_TURN = 4;
/** Datagrams sent before incoming ones get their turn. */
const DATAGRAMS_PER_TURN = 256;
/** Datagrams sent, a few tens of microseconds apart in all, that share one reading of the clock. */
const DATAGRAMS_PER_CLOCK = 16;
/** Never asleep for longer: a process that exits waits for its threads. */
const LONGEST_WAIT_US = 500_000;

/**
 * Turns an engine on a native socket until it is told to stop: block until something comes in, is due, or somebody rings;
 * then receive, tell, send. The thread does nothing else, so nothing delays it.
 */
export function runNativeLoop(
  socket: NativeSocket,
  engine: LaneEngine,
  mail: LaneMail,
  neighbours: LaneNeighbours,
): void {
  const { endpoint } = engine;
  let nowUs = monotonicNowUs();
  const take: OnDatagram = (bytes, from, ecn, start, end) => {
    if (!neighbours.passOn(bytes, from, start, end)) endpoint.receive(nowUs, bytes, from, ecn, start, end);
  };
  const takeAstray = (datagram: Uint8Array, from: DatagramAddress) =>
    endpoint.receive(monotonicNowUs(), datagram, from);
  const run = (command: LaneCommand) => engine.run(command);
  const receive = (): boolean => {
    for (let batch = 0; batch < BATCHES_PER_TURN; batch++) {
      nowUs = monotonicNowUs();
      if (socket.receiveBatch(take) === 0) return batch > 0;
    }
    return true;
  };
  while (!engine.stopping) {
    const wakeUs = socket.isBlocked ? Number.POSITIVE_INFINITY : engine.nextWakeUs();
    const waitUs = Math.min(wakeUs - monotonicNowUs(), LONGEST_WAIT_US);
    const ready = socket.wait(Math.max(0, waitUs * 1_000));
    if ((ready & Readiness.Woken) !== 0) {
      mail.readAll(run);
      neighbours.takeIn(takeAstray);
    }
    const received = (ready & Readiness.Readable) !== 0 && receive();
    engine.collectEvents();
    const sent = send(socket, engine);
    engine.collectEvents();
    engine.collectStats(monotonicNowUs(), received || sent);
    mail.send(engine.takeOutbox());
  }
  send(socket, engine);
  socket.close();
}

/** @returns whether there was anything to send */
function send(socket: NativeSocket, { endpoint }: LaneEngine): boolean {
  let sent = 0;
  let more = true;
  while (more && sent < DATAGRAMS_PER_TURN) {
    const count = sendSome(monotonicNowUs(), socket, endpoint);
    more = count === DATAGRAMS_PER_CLOCK;
    sent += count;
  }
  socket.flush();
  return sent > 0;
}

/** A function of its own, so that its argument `nowUs` is put on the heap once and not for each datagram. @returns how many were sent */
function sendSome(nowUs: number, socket: NativeSocket, endpoint: TransportEndpoint): number {
  const { sendMemory } = socket;
  for (let sent = 0; sent < DATAGRAMS_PER_CLOCK; sent++) {
    const at = socket.reserve();
    if (at < 0) return sent;
    const { bytes, address } = endpoint.transmit(nowUs, sendMemory, at);
    if (bytes === 0) return sent;
    socket.commit(bytes, address);
  }
  return DATAGRAMS_PER_CLOCK;
}
