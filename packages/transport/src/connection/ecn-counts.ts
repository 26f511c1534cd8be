import { type AckFrame, Ecn } from '@jetstream/protocol';

/** How many packets came with which mark in the IP header (RFC 9000 §13.4.1): what ACK_ECN tells the sender. */
export class EcnCounts {
  private ect0 = 0;
  private ect1 = 0;
  private ce = 0;
  private latestIsCe = false;

  /** A packet was opened and processed. @returns true when congestion begins to show: the sender should know at once */
  onPacket(ecn: number): boolean {
    const isCe = ecn === Ecn.Ce;
    const begins = isCe && !this.latestIsCe;
    this.latestIsCe = isCe;
    if (isCe) this.ce += 1;
    else if (ecn === Ecn.Ect0) this.ect0 += 1;
    else if (ecn === Ecn.Ect1) this.ect1 += 1;
    return begins;
  }

  /** Makes `ack` an ACK_ECN when any mark was seen. */
  describe(ack: AckFrame): void {
    ack.hasEcn = this.ect0 + this.ect1 + this.ce > 0;
    ack.ect0Count = this.ect0;
    ack.ect1Count = this.ect1;
    ack.ceCount = this.ce;
  }
}
