import type { ConnectionStats } from '@jetstream/transport';
import { PARTS, type Part } from './cpu-meter.ts';
import type { HeapReport } from './heap-meter.ts';
import { median } from './median.ts';

/** What one end measured. */
export interface SideReport {
  name: string;
  /** CPU time per packet, the median of all laps. */
  nanoseconds: Partial<Record<Part, number>>;
  /** Of content; undefined where time is virtual. */
  gigabitsPerSecond?: number;
  stats?: ConnectionStats;
  /** Of the thread; undefined when that is in another side's report. */
  heap?: HeapReport;
}

/** @param laps nanoseconds per packet, one array for each part */
export function medians(laps: readonly (readonly number[])[]): SideReport['nanoseconds'] {
  const entries = PARTS.map((part, index) => [part, median(laps[index]!)] as const);
  return Object.fromEntries(entries.filter(([, nanoseconds]) => nanoseconds > 0));
}

export function printReport(title: string, sides: readonly SideReport[]): void {
  console.log(`\n${title}`);
  for (const { name, nanoseconds, gigabitsPerSecond, stats, heap } of sides) {
    console.log(
      `  ${name}${gigabitsPerSecond === undefined ? '' : `, ${gigabitsPerSecond.toFixed(2)} Gbit/s`}`,
    );
    const parts = Object.entries(nanoseconds);
    for (const [part, value] of parts) printNanoseconds(part, value);
    printNanoseconds(
      'together',
      parts.reduce((sum, [, value]) => sum + value, 0),
    );
    if (heap !== undefined) {
      const bytes = heap.bytesPerPacket.toFixed(0);
      console.log(
        `    heap: ${bytes} bytes/packet, ${heap.collections} collections in ${heap.collectionMs.toFixed(1)} ms`,
      );
    }
    if (stats !== undefined) {
      const { datagramBytes, packetsSent, packetsLost, smoothedRttUs } = stats;
      console.log(
        `    ${packetsSent} packets of ${datagramBytes} bytes, ${packetsLost} lost, RTT ${smoothedRttUs.toFixed(0)} µs`,
      );
    }
  }
}

function printNanoseconds(part: string, nanoseconds: number): void {
  console.log(`    ${part.padEnd(18)}${nanoseconds.toFixed(0).padStart(6)} ns/packet`);
}
