// The emulator: a process of its own that joins two network namespaces by a TUN device in each. Everything is
// synchronous: one loop that reads, shapes and writes packets, and sleeps in ppoll between. The devices go when it ends.
import { openTunDevice, PacketPoll, packetArena, preferThisThread } from '@jetstream/platform';
import { SeededRandom } from '@jetstream/simnet';
import {
  bytesPerMs,
  changedDirection,
  DIRECTIONS,
  type Direction,
  queueLimitBytes,
} from '../direction-options.ts';
import { MTU_BYTES } from '../emulation.ts';
import { PacketSlots } from '../shaper/packet-slots.ts';
import { Shaper } from '../shaper/shaper.ts';
import type { WanReport } from '../wan-report.ts';
import { ControlLines } from './control-lines.ts';
import type { EmulatorAnswer, EmulatorOptions, EmulatorRequest } from './emulator-messages.ts';
import { LARGEST_BATCH, OneWay, SLOT_BYTES } from './one-way.ts';
import { warmUp } from './warm-up.ts';

/** 1 Gbit/s of whole packets for 1.5 s, in both directions together. Pages not needed are never touched. */
const MAX_PACKETS = 131_072;

const options = JSON.parse(process.argv[2] ?? '') as EmulatorOptions;
const { namespaces, deviceName, directions, seed } = options;
// It stands for a machine of its own, which would not wait for a CPU behind those that it serves.
preferThisThread();

const slots = new PacketSlots(MAX_PACKETS);
const arena = packetArena((MAX_PACKETS + 1) * SLOT_BYTES);
touch();
const a = openTunDevice({ name: deviceName, namespace: namespaces.a, arena });
const b = openTunDevice({ name: deviceName, namespace: namespaces.b, arena });
const random = new SeededRandom(seed);
const shaper = (direction: Direction): Shaper =>
  new Shaper(directions[direction], {
    slots,
    random: random.derive(direction),
    bucketUs: options.bucketMs * 1000,
  });
const ways: Record<Direction, OneWay> = {
  'a-to-b': new OneWay({ from: a, to: b, arena, slots, shaper: shaper('a-to-b') }),
  'b-to-a': new OneWay({ from: b, to: a, arena, slots, shaper: shaper('b-to-a') }),
};
const there = ways['a-to-b'];
const back = ways['b-to-a'];
const changes: WanReport['changes'] = [];

const control = new ControlLines();
const poll = new PacketPoll([control.fd, a.fd, b.fd]);
const CONTROL_ALONE = 1;
const ALL = 3;
warmUp(a, arena);
const cpuAtStart = process.cpuUsage();
const upSinceMs = performance.now();
function nowUs(): number {
  return (performance.now() - upSinceMs) * 1000;
}

answer({ answer: 'ready' });
run(options.granularityMs * 1000);

/**
 * While packets come, a pass every `granularityUs` serves all that came and fell due since: waking for each packet would
 * take the CPUs from the ends. So packets are up to that late, never early.
 */
function run(granularityUs: number): void {
  for (;;) {
    const passUs = nowUs();
    const packets = there.take(passUs) + back.take(passUs) + there.deliver(nowUs) + back.deliver(nowUs);
    if (packets >= LARGEST_BATCH) poll.wait(0, CONTROL_ALONE);
    else if (packets > 0) poll.wait(passUs + granularityUs - nowUs(), CONTROL_ALONE);
    else poll.wait(Math.min(there.shaper.nextDueUs, back.shaper.nextDueUs) - nowUs(), ALL);
    if (!poll.ready(0)) continue;
    const lines = control.read();
    if (lines === undefined) return;
    for (const line of lines) serve(JSON.parse(line) as EmulatorRequest);
  }
}

/** Has the system bring the memory that full queues and full pipes need, which would else cost time at the worst moment. */
function touch(): void {
  let bytes = 0;
  for (const direction of DIRECTIONS) {
    const { rateMbitPerSecond: rate, delayMs } = directions[direction];
    if (rate !== 'unlimited') bytes += queueLimitBytes(directions[direction]) + bytesPerMs(rate) * delayMs;
  }
  arena.bytes.fill(0, 0, Math.min(MAX_PACKETS, Math.ceil(bytes / MTU_BYTES)) * SLOT_BYTES);
}

function serve(request: EmulatorRequest): void {
  if (request.do === 'report') {
    answer({ answer: 'report', report: report() });
    return;
  }
  const { shaper } = ways[request.direction];
  const atUs = nowUs();
  shaper.change(atUs, changedDirection(shaper.options, request.changes));
  changes.push({ atMs: atUs / 1000, direction: request.direction, changes: request.changes });
  answer({ answer: 'changed' });
}

function report(): WanReport {
  const atUs = nowUs();
  const { user, system } = process.cpuUsage(cpuAtStart);
  return {
    backend: 'tun',
    seed,
    elapsedMs: atUs / 1000,
    cpuSeconds: (user + system) / 1e6,
    changes,
    'a-to-b': there.report(atUs),
    'b-to-a': back.report(atUs),
  };
}

function answer(value: EmulatorAnswer): void {
  control.answer(value);
}
