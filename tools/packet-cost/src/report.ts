import type { ConnectionStats } from '@jetstream/transport';
import { PARTS } from './cpu-meter.ts';
import type { HeapMeter } from './heap-meter.ts';

/** Until then the compiler is at work. */
const WARM_UP_SHARE = 1 / 4;
const LAP_BLOCKS = 16;

/** What one end measured. */
export interface SideReport {
  name: string;
  /** Nanoseconds per packet, by part and lap. */
  laps: number[][];
  /** Packets sent while it was measured. */
  packets: number;
  /** Gbit/s of content; missing where time is virtual. */
  gigabits?: number;
  stats?: ConnectionStats;
  heap?: Pick<HeapMeter, 'allocatedBytes' | 'collections' | 'collectionMs'>;
}

/** Cuts a run into laps of a few blocks each, after a warm-up. */
export class Laps {
  packets = 0;
  private lapEnd: number;
  private lapStartPackets = -1;

  constructor(blocks: number) {
    this.lapEnd = Math.floor(blocks * WARM_UP_SHARE);
  }

  /**
   * @param blocksDone blocks that have arrived @param packetsSent likewise
   * @returns packets of the lap that has just ended, 0 for the warm-up; undefined while none ends
   */
  ended(blocksDone: number, packetsSent: number, heap: HeapMeter): number | undefined {
    if (this.lapStartPackets >= 0) heap.sample();
    if (blocksDone < this.lapEnd) return undefined;
    const isWarmUp = this.lapStartPackets < 0;
    const packets = isWarmUp ? 0 : packetsSent - this.lapStartPackets;
    this.packets += packets;
    this.lapStartPackets = packetsSent;
    this.lapEnd = blocksDone + LAP_BLOCKS;
    if (isWarmUp) heap.start();
    return packets;
  }
}

export function printReport(title: string, sides: readonly SideReport[]): void {
  console.log(`\n${title}`);
  for (const { name, laps, packets, gigabits, stats, heap } of sides) {
    console.log(`  ${name}${gigabits === undefined ? '' : `, ${gigabits.toFixed(2)} Gbit/s`}`);
    let together = 0;
    for (const [index, part] of PARTS.entries()) {
      const nanoseconds = median(laps[index]!);
      if (nanoseconds > 0) printNanoseconds(part, nanoseconds);
      together += nanoseconds;
    }
    printNanoseconds('together', together);
    if (heap !== undefined) {
      const bytes = (heap.allocatedBytes / packets).toFixed(1);
      console.log(
        `    heap ${bytes} bytes/packet; ${heap.collections} collections, ${heap.collectionMs.toFixed(1)} ms`,
      );
    }
    if (stats !== undefined) {
      const { datagramBytes, packetsSent, packetsLost, smoothedRttUs, limiter } = stats;
      console.log(
        `    ${packetsSent} packets of ${datagramBytes} bytes, ${packetsLost} lost, RTT ${smoothedRttUs.toFixed(0)} µs, limiter ${limiter}`,
      );
    }
  }
}

function printNanoseconds(part: string, nanoseconds: number): void {
  console.log(`    ${part.padEnd(18)}${nanoseconds.toFixed(0).padStart(6)} ns/packet`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
