import { BLOCK_BYTES, FLOAT_ZERO } from '@jetstream/protocol';
import type { AckFrequency } from './ack-frequency.ts';
import { plainBlock } from './bulk/repeat-address.ts';
import type { EventQueue } from './event-queue.ts';
import type { ContentListener } from './loss-detection.ts';
import type { PathResponder } from './path/path-responder.ts';
import type { PendingWork } from './pending-work.ts';
import type { ReceivedPackets } from './received-packets.ts';
import { ContentKind, type SentContent } from './sent-content.ts';
import type { TransferTable } from './transfer-table.ts';

/** Takes the news of what was acknowledged or lost to whom it concerns; what still matters goes again (FR-5). */
export class DeliveryRouter implements ContentListener {
  private readonly transfers: TransferTable;
  private readonly received: ReceivedPackets;
  private readonly responder: PathResponder;
  private readonly work: PendingWork;
  private readonly events: EventQueue;
  /** Set once it exists; it needs this router to be made. */
  ackFrequency: AckFrequency | undefined;
  /** DATA bytes acknowledged for the first time. */
  bulkBytesAcked = FLOAT_ZERO;

  constructor(
    transfers: TransferTable,
    received: ReceivedPackets,
    responder: PathResponder,
    work: PendingWork,
    events: EventQueue,
  ) {
    this.transfers = transfers;
    this.received = received;
    this.responder = responder;
    this.work = work;
    this.events = events;
  }

  onContentAcked(content: SentContent, index: number): void {
    const id = content.idOf(index);
    const offset = content.offsetOf(index);
    switch (content.kindOf(index)) {
      case ContentKind.Data:
        this.onDataAcked(id, offset, content.lengthOf(index));
        break;
      case ContentKind.Stream: {
        const stream = this.transfers.findSendStream(id);
        if (stream === undefined) break;
        stream.onAcked(offset, offset + content.lengthOf(index));
        this.transfers.onStreamAcked(stream);
        break;
      }
      case ContentKind.Ack:
        this.received.onAckAcked(offset);
        break;
    }
  }

  onContentLost(content: SentContent, index: number): void {
    const id = content.idOf(index);
    const offset = content.offsetOf(index);
    switch (content.kindOf(index)) {
      case ContentKind.Data:
        this.transfers.find(id)?.bulkSender?.onLost(offset, content.lengthOf(index));
        this.work.bulk = true;
        break;
      case ContentKind.Stream:
        this.transfers.findSendStream(id)?.onLost(offset, offset + content.lengthOf(index));
        this.work.streams = true;
        break;
      case ContentKind.StreamCredit:
        this.transfers.find(id)?.receiveStream.onCreditLost();
        this.work.credits = true;
        break;
      case ContentKind.BlockCredit:
        this.transfers.find(id)?.bulkReceiver?.credit.onAnnouncementLost();
        this.work.credits = true;
        break;
      case ContentKind.AckFrequency:
        this.ackFrequency?.onLost(id);
        break;
      case ContentKind.PathResponse:
        this.responder.onLost(id);
        break;
    }
  }

  private onDataAcked(transfer: number, address: number, length: number): void {
    const sender = this.transfers.find(transfer)?.bulkSender;
    if (sender === undefined) return;
    const before = sender.ackedBytes;
    const finished = sender.onAcked(address, length);
    this.bulkBytesAcked += sender.ackedBytes - before;
    if (finished) {
      this.events.push({
        type: 'block-acked',
        transfer,
        block: plainBlock(Math.floor(address / BLOCK_BYTES)),
      });
    }
  }
}
