import type { HeapMeter } from './heap-meter.ts';

/** Until then the compiler is at work. */
const WARM_UP_SHARE = 1 / 4;
const LAP_BLOCKS = 16;

/** Cuts a run into laps of a few blocks each, after a warm-up. */
export class Laps {
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
    this.lapStartPackets = packetsSent;
    this.lapEnd = blocksDone + LAP_BLOCKS;
    if (isWarmUp) heap.start();
    else heap.lap(packets);
    return packets;
  }
}
