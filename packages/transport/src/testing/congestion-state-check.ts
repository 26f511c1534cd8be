import { checkInvariants, checkNumbers } from '@jetstream/congestion';
import { TransportConnection } from '../connection/connection.ts';
import type { Recovery } from '../connection/recovery.ts';
import type { Connection } from '../contract.ts';

/**
 * For simulations, after every event: all that a connection's congestion control knows (controller, pacer, RTT, delivery rate,
 * and the samples that the controller was last given) is finite and not negative. Says nothing before the handshake is done.
 */
export class CongestionStateCheck {
  /** What the last look at everything saw. */
  private deliveredBytes = -1;
  private lostBytes = -1;
  private windowBytes = -1;
  private pacingRate = -1;
  private datagramBytes = -1;

  /** @throws Error naming the field */
  check(nowUs: number, connection: Connection): void {
    if (!(connection instanceof TransportConnection)) return;
    const recovery = connection.session?.parts.recovery;
    if (recovery === undefined) return;
    const dueUs = recovery.pacer.nextSendUs(nowUs);
    if (!Number.isFinite(dueUs)) throw new Error(`the pacer is due at ${dueUs}`);
    if (this.hasChanged(recovery)) checkAll(recovery);
  }

  /** Nothing acknowledged, nothing lost, the same answers: the controller was told of no more than a packet sent. */
  private hasChanged({ controller, rate, datagramBytes }: Recovery): boolean {
    const changed =
      rate.deliveredBytes !== this.deliveredBytes ||
      rate.lostBytes !== this.lostBytes ||
      controller.windowBytes !== this.windowBytes ||
      controller.pacingRate !== this.pacingRate ||
      datagramBytes !== this.datagramBytes;
    this.deliveredBytes = rate.deliveredBytes;
    this.lostBytes = rate.lostBytes;
    this.windowBytes = controller.windowBytes;
    this.pacingRate = controller.pacingRate;
    this.datagramBytes = datagramBytes;
    return changed;
  }
}

function checkAll(recovery: Recovery): void {
  checkInvariants(recovery.controller, recovery.datagramBytes);
  checkNumbers(recovery.pacer, 'pacer');
  checkNumbers(recovery.rtt, 'rtt');
  checkNumbers(recovery.rate, 'rate');
  checkNumbers(recovery.loss.ackSample, 'ackSample');
  checkNumbers(recovery.loss.lossSample, 'lossSample');
}
