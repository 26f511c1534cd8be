import type { SharedLink } from './bottleneck.ts';
import type { Sender } from './sender.ts';

/** Senders sharing one bottleneck, run in virtual time. */
export class Simulation {
  nowUs = 0;
  readonly bottleneck: SharedLink;
  readonly senders: readonly Sender[];

  constructor(bottleneck: SharedLink, senders: readonly Sender[]) {
    this.bottleneck = bottleneck;
    this.senders = senders;
  }

  run(untilUs: number): void {
    const { senders, bottleneck } = this;
    for (;;) {
      let next = senders[0]!;
      let nextUs = next.nextEventUs();
      for (let index = 1; index < senders.length; index++) {
        const dueUs = senders[index]!.nextEventUs();
        if (dueUs >= nextUs) continue;
        next = senders[index]!;
        nextUs = dueUs;
      }
      const linkUs = bottleneck.nextEventUs();
      if (linkUs <= nextUs && linkUs <= untilUs) {
        this.nowUs = Math.max(this.nowUs, linkUs);
        bottleneck.handleEvent(this.nowUs);
        continue;
      }
      if (nextUs > untilUs) break;
      this.nowUs = Math.max(this.nowUs, nextUs);
      next.handleEvent(this.nowUs);
    }
    this.nowUs = untilUs;
  }

  /** Runs on and samples the queue, in bytes, at even intervals. */
  sampleQueue(untilUs: number, intervalUs: number): Float64Array {
    const samples = new Float64Array(Math.floor((untilUs - this.nowUs) / intervalUs));
    for (let index = 0; index < samples.length; index++) {
      this.run(this.nowUs + intervalUs);
      samples[index] = this.bottleneck.queuedBytes(this.nowUs);
    }
    return samples.sort();
  }
}
