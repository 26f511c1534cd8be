import type { ConnectionStats, Limiter } from '@jetstream/transport';
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
  /** For how long each limiter was the one reported. */
  readonly limiterUs = new Map<Limiter, number>();
  #sampledUs = 0;

  sample(nowUs: number, stats: Readonly<ConnectionStats>): void {
    this.windowBytes.add(nowUs, stats.windowBytes);
    this.bytesInFlight.add(nowUs, stats.bytesInFlight);
    this.pacingRate.add(nowUs, stats.pacingRate);
    this.smoothedRttUs.add(nowUs, stats.smoothedRttUs);
    this.latestRttUs.add(nowUs, stats.latestRttUs);
    this.ackedBytes.add(nowUs, stats.bulkBytesAcked);
    const heldUs = this.limiterUs.get(stats.limiter) ?? 0;
    this.limiterUs.set(stats.limiter, heldUs + nowUs - this.#sampledUs);
    this.#sampledUs = nowUs;
    if (this.phases.at(-1)?.phase !== stats.controllerPhase && this.phases.length < 10_000) {
      this.phases.push({ atUs: nowUs, phase: stats.controllerPhase });
    }
  }

  /** What was reported for most of the time. */
  get mainLimiter(): Limiter {
    let main: Limiter = 'none';
    let mostUs = 0;
    for (const [limiter, heldUs] of this.limiterUs) {
      if (limiter === 'none' || heldUs <= mostUs) continue;
      main = limiter;
      mostUs = heldUs;
    }
    return main;
  }

  /** Content bytes acknowledged by a time. */
  ackedBy(timeUs: number): number {
    const { times, values } = this.ackedBytes;
    let last = 0;
    for (let i = 0; i < times.length && times[i]! <= timeUs; i++) last = values[i]!;
    return last;
  }
}
