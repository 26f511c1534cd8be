import { type AckFrame, ARRIVAL_MODULUS_US, FLOAT_ZERO, MAX_ARRIVAL_RUNS } from '@jetstream/protocol';

/** Packets that came within so much of each other are one run, until there are too many runs. */
const FINEST_US = 20;

/**
 * When packets arrived since the last ACK, for the sender to see at which rate they came out of the path (RC-3, RC-4). When there
 * is no place for a further run, neighbours are joined two by two, and what comes then is looked at half as closely.
 */
export class Arrivals {
  private count = 0;
  private readonly endsUs = new Float64Array(MAX_ARRIVAL_RUNS);
  private readonly packets = new Int32Array(MAX_ARRIVAL_RUNS);
  private resolutionUs = FINEST_US;
  /** Of the last run. */
  private startUs = FLOAT_ZERO;

  onPacket(arrivedUs: number): void {
    if (this.count > 0 && arrivedUs < this.startUs + this.resolutionUs) {
      const last = this.count - 1;
      this.endsUs[last] = Math.max(this.endsUs[last]!, arrivedUs);
      this.packets[last]! += 1;
      return;
    }
    if (this.count === MAX_ARRIVAL_RUNS) this.halve();
    this.endsUs[this.count] = arrivedUs;
    this.packets[this.count] = 1;
    this.startUs = arrivedUs;
    this.count += 1;
  }

  /** One run tells no more than the arrival time does, and is left out. @param largestUs when the largest packet came */
  describe(largestUs: number, { arrivals }: AckFrame): void {
    const { count, endsUs, packets } = this;
    const last = count - 1;
    // What came after the largest packet came out of order: its time would be taken for that of another.
    if (count < 2 || endsUs[last] !== largestUs) return;
    arrivals.add(0, packets[last]!);
    for (let run = last - 1; run >= 0; run--) {
      const gapUs = Math.trunc(endsUs[run + 1]!) - Math.trunc(endsUs[run]!);
      arrivals.add(Math.min(gapUs, ARRIVAL_MODULUS_US - 1), packets[run]!);
    }
  }

  /** An ACK has told of them. */
  clear(): void {
    this.count = 0;
    this.resolutionUs = FINEST_US;
  }

  private halve(): void {
    const { endsUs, packets } = this;
    this.resolutionUs *= 2;
    this.count = MAX_ARRIVAL_RUNS / 2;
    for (let run = 0; run < this.count; run++) {
      endsUs[run] = endsUs[2 * run + 1]!;
      packets[run] = packets[2 * run]! + packets[2 * run + 1]!;
    }
  }
}
