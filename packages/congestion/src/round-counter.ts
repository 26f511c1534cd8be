import { FLOAT_ZERO } from '@jetstream/protocol';
import type { AckSample } from './controller.ts';

/**
 * Counts packet-timed round trips (draft-ietf-ccwg-bbr §5.5.1): a round ends with the ACK of any packet sent after it began.
 * Unlike a clock it is not fooled by idle times, changing RTTs or timers.
 */
export class RoundCounter {
  /** Rounds completed. */
  count = 0;
  /** Did the newest ACK end a round? */
  started = false;
  private endDeliveredBytes = FLOAT_ZERO;

  /** Returns `started`. An ACK without a sample ends no round. */
  onAck(sample: AckSample): boolean {
    this.started = sample.transmitBytesInFlight > 0 && sample.priorDeliveredBytes >= this.endDeliveredBytes;
    if (this.started) {
      this.count++;
      this.startRound(sample.deliveredBytes);
    }
    return this.started;
  }

  /** Begins a new round now, without counting one. */
  startRound(deliveredBytes: number): void {
    this.endDeliveredBytes = deliveredBytes;
  }
}
