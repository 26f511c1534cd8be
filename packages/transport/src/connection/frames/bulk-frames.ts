import { dataFrameCapacity, writeDataHeader } from '@jetstream/protocol';
import type { BulkSender } from '../bulk/bulk-sender.ts';
import type { OutgoingPacket } from '../outgoing-packet.ts';
import { ContentKind } from '../sent-content.ts';
import type { SessionParts } from '../session-parts.ts';

/** Payload below which a frame is not worth its header, unless it finishes something. */
const MIN_PAYLOAD = 64;

/** Writes DATA frames; transfers take turns packet by packet. */
export class BulkFrames {
  private readonly parts: SessionParts;
  /** Index of the transfer that goes first in the next packet. */
  private turn = 0;

  constructor(parts: SessionParts) {
    this.parts = parts;
  }

  write(packet: OutgoingPacket): void {
    const { work } = this.parts;
    const { list } = this.parts.transfers;
    for (let i = 0; i < list.length; i++) {
      const index = (this.turn + i) % list.length;
      const sender = list[index]!.bulkSender;
      if (sender === undefined || this.writeData(packet, sender)) continue;
      this.turn = index + 1;
      return;
    }
    work.bulk = false;
  }

  /** @returns false when the packet is full before the sender has sent all it can */
  private writeData(packet: OutgoingPacket, sender: BulkSender): boolean {
    const { recovery, counters, work } = this.parts;
    while (sender.prepare()) {
      const address = sender.nextAddress;
      const wanted = sender.nextLength;
      const length = Math.min(wanted, dataFrameCapacity(sender.transfer, address, packet.room));
      if (length < Math.min(wanted, MIN_PAYLOAD)) return false;
      if (sender.nextIsResent) {
        counters.bulkBytesResent += length;
        packet.resendsBulk = true;
      } else counters.bulkBytesSent += length;
      const at = writeDataHeader(packet.buffer, packet.at, sender.transfer, address, length);
      if (sender.send(length, packet.buffer, at)) work.blocks = true;
      packet.at = at + length;
      packet.ackEliciting = true;
      recovery.sent.content.add(ContentKind.Data, sender.transfer, address, length);
      if (length < wanted && packet.room < MIN_PAYLOAD) return false;
    }
    return true;
  }
}
