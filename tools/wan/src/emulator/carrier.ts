// A thread that carries the packets of one direction. All of it is synchronous: one loop that reads, shapes and writes
// packets, and sleeps in ppoll between. (One thread for both would let the work that the system does for an arriving
// acknowledgement, which is done in the writer's time, hold up the data.)
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { EventFd, PacketPoll, packetArena, preferThisThread, tunPackets } from '@jetstream/platform';
import { SeededRandom } from '@jetstream/simnet';
import { bytesPerMs, changedDirection, queueLimitBytes } from '../direction-options.ts';
import { MTU_BYTES } from '../emulation.ts';
import { PacketSlots } from '../shaper/packet-slots.ts';
import { Shaper } from '../shaper/shaper.ts';
import type { CarrierAnswer, CarrierOptions, CarrierRequest } from './emulator-messages.ts';
import { LARGEST_BATCH, OneWay, SLOT_BYTES } from './one-way.ts';
import { warmUp } from './warm-up.ts';

/** 1 Gbit/s of whole packets for 1.5 s. Pages not needed are never touched. */
const MAX_PACKETS = 131_072;

const { direction, directions, descriptors, seed, bucketMs, granularityMs } = workerData as CarrierOptions;
const port = parentPort!;
const slots = new PacketSlots(MAX_PACKETS);
const arena = packetArena((MAX_PACKETS + 1) * SLOT_BYTES);
const random = new SeededRandom(seed).derive(direction);
const shaper = new Shaper(directions[direction], { slots, random, bucketUs: bucketMs * 1000 });
const from = tunPackets(descriptors.from, arena);
const way = new OneWay({ from, to: tunPackets(descriptors.to, arena), arena, slots, shaper });
const wakeUp = EventFd.of(descriptors.wakeUp);
const poll = new PacketPoll([wakeUp.fd, descriptors.from]);
const WAKE_UP_ALONE = 1;
const BOTH = 2;

touch();
warmUp(from, arena);
// It stands for a machine of its own, which would not wait for a CPU behind those that it serves.
preferThisThread();

/** The clock of this thread when the WAN was up. */
let upSinceMs = Number.POSITIVE_INFINITY;
function nowUs(): number {
  return (performance.now() - upSinceMs) * 1000;
}

answer({ atMs: 0 });
run(granularityMs * 1000);

/**
 * While packets come, a pass every `granularityUs` serves all that came and fell due since: waking for each packet would
 * take the CPUs from the ends. So packets are up to that late, never early.
 */
function run(granularityUs: number): void {
  while (upSinceMs === Number.POSITIVE_INFINITY) {
    poll.wait(Number.POSITIVE_INFINITY, WAKE_UP_ALONE);
    if (serve() === 'end') return;
  }
  for (;;) {
    const passUs = nowUs();
    const packets = way.take(passUs) + way.deliver(nowUs);
    if (packets >= LARGEST_BATCH) poll.wait(0, WAKE_UP_ALONE);
    else if (packets > 0) poll.wait(passUs + granularityUs - nowUs(), WAKE_UP_ALONE);
    else poll.wait(shaper.nextDueUs - nowUs(), BOTH);
    if (poll.ready(0) && serve() === 'end') return;
  }
}

/** Carries out what was asked for meanwhile. */
function serve(): 'end' | 'go on' {
  wakeUp.drain();
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: CarrierRequest } | undefined;
    if (received === undefined) return 'go on';
    const request = received.message;
    if (request.do === 'end') return 'end';
    if (request.do === 'start') {
      upSinceMs = performance.now() - Number(process.hrtime.bigint() - request.upSinceNs) / 1e6;
    }
    const atUs = nowUs();
    if (request.do === 'change') shaper.change(atUs, changedDirection(shaper.options, request.changes));
    const atMs = atUs / 1000;
    answer(request.do === 'report' ? { atMs, report: way.report(atUs) } : { atMs });
  }
}

/** Has the system bring the memory that a full queue and a full pipe need, which would else cost time at the worst moment. */
function touch(): void {
  const { rateMbitPerSecond: rate, delayMs } = shaper.options;
  if (rate === 'unlimited') return;
  const packets = Math.ceil((queueLimitBytes(shaper.options) + bytesPerMs(rate) * delayMs) / MTU_BYTES);
  arena.bytes.fill(0, 0, Math.min(MAX_PACKETS, packets) * SLOT_BYTES);
}

function answer(value: CarrierAnswer): void {
  port.postMessage(value);
}
