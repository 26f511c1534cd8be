import type { AckFrame } from '@jetstream/protocol';
import type { EcnState } from '../contract.ts';

/**
 * Whether the path carries ECN marks and the peer reports them, RFC 9000 §13.4.2 (EC-2). The datagram path marks all
 * packets or none, so what the RFC does about marking itself falls away: a path that failed is sent marked packets as
 * before, and what is said of them is not believed.
 */
export class EcnValidation {
  state: EcnState;
  /** Packets that the peer reported as marked CE, of those that were believed. */
  ceCount = 0;
  private readonly marks: boolean;
  private reportedEct0 = 0;
  private reportedCe = 0;

  /** @param marks our datagrams are sent as ECT(0) */
  constructor(marks: boolean) {
    this.marks = marks;
    this.state = marks ? 'testing' : 'off';
  }

  /**
   * An ACK raised the largest packet acknowledged (of others the counts may be old ones).
   * @param newlyAcked marked packets that it acknowledges for the first time
   * @param packetsSent so far
   * @returns packets newly reported as marked CE
   */
  onAck(ack: AckFrame, newlyAcked: number, packetsSent: number): number {
    if (this.state === 'off' || this.state === 'failed') return 0;
    if (!this.agrees(ack, newlyAcked, packetsSent)) {
      this.state = 'failed';
      return 0;
    }
    if (newlyAcked > 0) this.state = 'capable';
    if (!ack.hasEcn) return 0;
    const newCe = ack.ceCount - this.reportedCe;
    this.reportedEct0 = ack.ect0Count;
    this.reportedCe = ack.ceCount;
    this.ceCount += newCe;
    return newCe;
  }

  /** Another path: it may be another matter there. */
  onMigration(): void {
    if (this.marks) this.state = 'testing';
  }

  private agrees(ack: AckFrame, newlyAcked: number, packetsSent: number): boolean {
    if (!ack.hasEcn) return newlyAcked === 0;
    const newEct0 = ack.ect0Count - this.reportedEct0;
    const newCe = ack.ceCount - this.reportedCe;
    return (
      newCe >= 0 &&
      // Fewer ECT(0) than before would be a peer that counts backwards; ECT(1) was never sent.
      newEct0 >= 0 &&
      newEct0 + newCe >= newlyAcked &&
      ack.ect1Count === 0 &&
      ack.ect0Count + ack.ceCount <= packetsSent
    );
  }
}
