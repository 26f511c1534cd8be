import type { Limiter } from '../contract.ts';
import { LimiterMeter } from './limiter-meter.ts';
import type { Recovery } from './recovery.ts';
import type { TransferTable } from './transfer-table.ts';

/** Measures what holds a connection and each of its transfers, as far as a sender can see. */
export class SendLimiter {
  /** Of the whole connection. */
  readonly meter = new LimiterMeter();
  /** When `onNothingToSend` should be called again so that the meters come true; Infinity when they are. */
  wakeUs: number = Number.POSITIVE_INFINITY;
  private readonly recovery: Recovery;
  private readonly transfers: TransferTable;
  /** Content is being sent, or only the pacer holds it. */
  private isPaced = false;
  /** Clock of the last `onContentDue`: packets that share a reading of it need no other look. */
  private contentDueUs = Number.NaN;

  constructor(recovery: Recovery, transfers: TransferTable) {
    this.recovery = recovery;
    this.transfers = transfers;
  }

  /**
   * Content may be sent now. If only the pacer held it and had it due so long ago that the time is lost, then the thread
   * that turns this connection does not keep up.
   */
  onContentDue(nowUs: number): void {
    if (this.isPaced && nowUs === this.contentDueUs) return;
    this.contentDueUs = nowUs;
    if (this.isPaced) {
      const overdueUs = this.recovery.pacer.overdueUs(nowUs);
      if (overdueUs > 0) this.note(nowUs - overdueUs, 'cpu');
    } else {
      this.isPaced = true;
      this.note(nowUs, this.pace);
    }
  }

  /** Nothing can be sent now. @param waitsForPacer of all that is needed only the time has not come */
  onNothingToSend(nowUs: number, waitsForPacer: boolean): void {
    this.isPaced = waitsForPacer;
    if (waitsForPacer) this.note(nowUs, this.pace);
    else this.note(nowUs, this.recovery.hasWindow ? 'none' : 'congestion');
  }

  private get pace(): Limiter {
    return this.recovery.pacer.capped ? 'pacing-cap' : 'congestion';
  }

  /** @param held what holds those that have something to send */
  private note(sinceUs: number, held: Limiter): void {
    let all: Limiter = held;
    this.wakeUs = Number.POSITIVE_INFINITY;
    for (const { bulkSender } of this.transfers.list) {
      if (bulkSender === undefined) continue;
      const { meter, ownLimiter } = bulkSender;
      meter.note(sinceUs, ownLimiter ?? held);
      this.wakeUs = Math.min(this.wakeUs, meter.wakeUs);
      if (all === 'none' || all === 'application') all = ownLimiter ?? all;
    }
    this.meter.note(sinceUs, all);
    this.wakeUs = Math.min(this.wakeUs, this.meter.wakeUs);
  }
}
