import type { ConnectionStats } from '@jetstream/transport';
import { TimeSeries } from '../time-series.ts';

/** A sender's state over virtual time. */
export class FlowTrace {
  readonly windowBytes = new TimeSeries();
  readonly bytesInFlight = new TimeSeries();
  readonly pacingRate = new TimeSeries();
  readonly smoothedRttUs = new TimeSeries();
  readonly latestRttUs = new TimeSeries();
  readonly ackedBytes = new TimeSeries();
  /** The controller's phase whenever it changed. */
  readonly phases: { atUs: number; phase: string }[] = [];

  sample(nowUs: number, stats: Readonly<ConnectionStats>): void {
    this.windowBytes.add(nowUs, stats.windowBytes);
    this.bytesInFlight.add(nowUs, stats.bytesInFlight);
    this.pacingRate.add(nowUs, stats.pacingRate);
    this.smoothedRttUs.add(nowUs, stats.smoothedRttUs);
    this.latestRttUs.add(nowUs, stats.latestRttUs);
    this.ackedBytes.add(nowUs, stats.bulkBytesAcked);
    if (this.phases.at(-1)?.phase !== stats.controllerPhase && this.phases.length < 10_000) {
      this.phases.push({ atUs: nowUs, phase: stats.controllerPhase });
    }
  }

  /** Content bytes acknowledged by a time. */
  ackedBy(timeUs: number): number {
    const { times, values } = this.ackedBytes;
    let last = 0;
    for (let i = 0; i < times.length && times[i]! <= timeUs; i++) last = values[i]!;
    return last;
  }
}
