import type { NativeMemory, TunPackets } from '@jetstream/platform';
import { SeededRandom } from '@jetstream/simnet';
import { DEFAULT_DIRECTION } from '../direction-options.ts';
import { PacketSlots } from '../shaper/packet-slots.ts';
import { Shaper } from '../shaper/shaper.ts';
import { OneWay } from './one-way.ts';

const PACKETS = 100_000;
const BATCH = 16;

/**
 * Carries packets that nobody sent from nowhere to nowhere, at a faster clock, until the engine has compiled the way of
 * a packet. Uncompiled, it would be too slow for the first second of a fast flow: the one in which it overshoots.
 */
export function warmUp(packets: TunPackets, arena: NativeMemory): void {
  let batch = 0;
  let written = 0;
  const from: TunPackets = { ...packets, read: () => (batch++ % BATCH === BATCH - 1 ? 0 : 1500) };
  const to: TunPackets = { ...packets, write: () => written++ >= 0 };
  const slots = new PacketSlots(1024);
  const shaper = new Shaper(
    { ...DEFAULT_DIRECTION, rateMbitPerSecond: 1000, queue: { ms: 1 }, lossPercent: 1, delayMs: 1 },
    { slots, random: new SeededRandom(1), bucketUs: 1000 },
  );
  const way = new OneWay({ from, to, arena, slots, shaper });
  let nowUs = 0;
  const clock = (): number => nowUs;
  while (written < PACKETS) {
    way.take(nowUs);
    way.deliver(clock);
    packets.read(0, 0); // nothing waits yet
    nowUs += 100;
  }
}
