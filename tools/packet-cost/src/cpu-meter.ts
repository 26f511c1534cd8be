import { threadCpuClock } from '@jetstream/platform';

/** What a packet's way through one end consists of. */
export const PARTS = [
  'wait',
  'socket receive',
  'endpoint receive',
  'events',
  'transmit',
  'socket send',
] as const;
export type Part = (typeof PARTS)[number];

/** Charges the thread's CPU time to the part that is under way, in laps: the median lap is little disturbed by others. */
export class CpuMeter {
  /** Nanoseconds per packet of each lap, one array for each part. */
  readonly laps: number[][] = PARTS.map(() => []);
  private readonly clock: () => number;
  private readonly spentNs: Float64Array = new Float64Array(PARTS.length);
  /** What reading the clock costs by itself. */
  private readonly readNs: number;
  private current = -1;
  private sinceNs = 0;

  /** Where a thread cannot read its CPU time (that needs Linux and koffi) all that passes is counted. */
  constructor() {
    const clock = threadCpuClock() ?? (() => performance.now() * 1e6);
    this.clock = clock;
    const rounds = 20_000;
    for (let round = 0; round < rounds; round++) clock();
    const startNs = clock();
    for (let round = 0; round < rounds; round++) clock();
    this.readNs = (clock() - startNs) / rounds;
  }

  /** From now on it is this part. */
  enter(part: Part): void {
    const nowNs = this.clock();
    if (this.current >= 0) this.spentNs[this.current]! += Math.max(0, nowNs - this.sinceNs - this.readNs);
    this.current = PARTS.indexOf(part);
    this.sinceNs = nowNs;
  }

  /** From now on it is nothing that counts. */
  leave(): void {
    this.enter('wait');
    this.current = -1;
  }

  /** Ends a lap in which so many packets passed; 0: it does not count. */
  lap(packets: number): void {
    if (packets > 0)
      for (const [index, laps] of this.laps.entries()) laps.push(this.spentNs[index]! / packets);
    this.spentNs.fill(0);
  }
}
