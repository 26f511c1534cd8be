import {
  PATH_FRAME_BYTES,
  PING_FRAME_BYTES,
  writeAckFrequency,
  writeBlockCredit,
  writePathResponse,
  writePing,
  writeStreamCredit,
} from '@jetstream/protocol';
import type { OutgoingPacket } from '../outgoing-packet.ts';
import { ContentKind } from '../sent-content.ts';
import type { SessionParts } from '../session-parts.ts';
import type { TransferState } from '../transfer-state.ts';

/** Largest STREAM_CREDIT or BLOCK_CREDIT, and ACK_FREQUENCY: type and at most three varints. */
const CREDIT_BYTES = 1 + 3 * 8;
const ACK_FREQUENCY_BYTES = 1 + 3 * 8;

/** Writes the small frames that run the connection: path response, ACK_FREQUENCY, credits, PING. */
export class ControlFrames {
  private readonly parts: SessionParts;

  constructor(parts: SessionParts) {
    this.parts = parts;
  }

  get isDue(): boolean {
    const { responder, recovery, work } = this.parts;
    return work.credits || work.ping || responder.isDue || recovery.ackFrequency.isDue;
  }

  write(nowUs: number, packet: OutgoingPacket): void {
    const { responder, recovery, work } = this.parts;
    const { content } = recovery.sent;
    const { ackFrequency } = recovery;
    if (responder.isDue && packet.room >= PATH_FRAME_BYTES) {
      packet.at = writePathResponse(packet.buffer, packet.at, responder.data);
      packet.ackEliciting = true;
      content.add(ContentKind.PathResponse, responder.serial, 0, 0);
      responder.onSent();
    }
    if (ackFrequency.isDue && packet.room >= ACK_FREQUENCY_BYTES) {
      const { sequence, packetThreshold, maxDelayUs } = ackFrequency;
      packet.at = writeAckFrequency(packet.buffer, packet.at, sequence, packetThreshold, maxDelayUs);
      packet.ackEliciting = true;
      content.add(ContentKind.AckFrequency, sequence, 0, 0);
      ackFrequency.onSent();
    }
    if (work.credits) this.writeCredits(nowUs, packet);
    if (work.ping && packet.room >= PING_FRAME_BYTES) {
      packet.at = writePing(packet.buffer, packet.at);
      packet.ackEliciting = true;
      work.ping = false;
    }
  }

  private writeCredits(nowUs: number, packet: OutgoingPacket): void {
    for (const transfer of this.parts.transfers.list) {
      if (packet.room < 2 * CREDIT_BYTES) return;
      this.writeCreditsOf(nowUs, packet, transfer);
    }
    this.parts.work.credits = false;
  }

  private writeCreditsOf(nowUs: number, packet: OutgoingPacket, transfer: TransferState): void {
    const { recovery, transfers } = this.parts;
    const { content } = recovery.sent;
    const { id, receiveStream, bulkReceiver } = transfer;
    if (receiveStream.isCreditDue) {
      const credit = receiveStream.announceCredit(nowUs, recovery.rtt.smoothedUs);
      packet.at = writeStreamCredit(packet.buffer, packet.at, id, credit);
      packet.ackEliciting = true;
      content.add(ContentKind.StreamCredit, id, 0, 0);
    }
    if (transfers.areLimitsRaised && bulkReceiver?.credit.isDue === true) {
      const { credit } = bulkReceiver;
      const blocks = credit.announce();
      packet.at = writeBlockCredit(packet.buffer, packet.at, id, blocks, credit.announcedReleasedBlocks);
      packet.ackEliciting = true;
      content.add(ContentKind.BlockCredit, id, 0, 0);
    }
  }
}
