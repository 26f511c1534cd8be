import { type DatagramAddress, type NativeSocket, type OnDatagram, Readiness } from '@jetstream/platform';
import { monotonicNowUs } from '../monotonic-clock.ts';
import type { LaneEngine } from './lane-engine.ts';
import type { LaneMail } from './lane-mail.ts';
import type { LaneCommand } from './lane-messages.ts';
import type { LaneNeighbours } from './lane-neighbours.ts';

/** Batches taken from the socket before anything is sent: acknowledgements must not wait for a flood to end. */
const BATCHES_PER_TURN = 4;
/** Datagrams sent before incoming ones get their turn. */
const DATAGRAMS_PER_TURN = 256;
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
  const take: OnDatagram = (bytes, from, ecn, start, end, waitedUs) => {
    if (!neighbours.passOn(bytes, from, start, end))
      endpoint.receive(nowUs, bytes, from, ecn, start, end, waitedUs);
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
    const sent = send(monotonicNowUs(), socket, engine);
    engine.collectEvents();
    engine.collectStats(monotonicNowUs(), received || sent);
    mail.send(engine.takeOutbox());
  }
  send(monotonicNowUs(), socket, engine);
  socket.close();
}

/**
 * `nowUs` is one reading for all: they leave together, however long it takes to make them; and an argument is put on the heap once,
 * not for each datagram.
 * @returns whether there was anything to send
 */
function send(nowUs: number, socket: NativeSocket, { endpoint }: LaneEngine): boolean {
  const { sendMemory } = socket;
  let sent = 0;
  for (; sent < DATAGRAMS_PER_TURN; sent++) {
    const at = socket.reserve();
    if (at < 0) break;
    const { bytes, address } = endpoint.transmit(nowUs, sendMemory, at);
    if (bytes === 0) break;
    socket.commit(bytes, address);
  }
  socket.flush();
  return sent > 0;
}
