import { streamFrameCapacity, writeStreamHeader } from '@jetstream/protocol';
import type { OutgoingPacket } from '../outgoing-packet.ts';
import { ContentKind } from '../sent-content.ts';
import type { SessionParts } from '../session-parts.ts';
import type { SendStream } from '../streams/send-stream.ts';

/** Room below which a STREAM frame would be mostly header. */
const MIN_ROOM = 32;

/** Writes STREAM frames: the control stream first, then closed transfers' last words, then the others by turns. */
export class StreamFrames {
  private readonly parts: SessionParts;
  private turn = 0;

  constructor(parts: SessionParts) {
    this.parts = parts;
  }

  write(packet: OutgoingPacket): void {
    const { transfers, work } = this.parts;
    const { list, flushing } = transfers;
    let more = this.writeStream(packet, list[0]!.sendStream);
    for (const stream of flushing) more = this.writeStream(packet, stream) || more;
    const others = list.length - 1;
    if (others > 0) this.turn = (this.turn + 1) % others;
    for (let i = 0; i < others; i++) {
      more = this.writeStream(packet, list[1 + ((this.turn + i) % others)]!.sendStream) || more;
    }
    work.streams = more;
  }

  /** @returns true when the stream has more to send now */
  private writeStream(packet: OutgoingPacket, stream: SendStream): boolean {
    const { content } = this.parts.recovery.sent;
    while (stream.isReady) {
      if (packet.room < MIN_ROOM) return true;
      const offset = stream.nextOffset;
      const length = Math.min(stream.nextLength, streamFrameCapacity(stream.id, offset, packet.room));
      const at = writeStreamHeader(packet.buffer, packet.at, stream.id, offset, length);
      stream.send(length, packet.buffer, at);
      packet.at = at + length;
      packet.ackEliciting = true;
      content.add(ContentKind.Stream, stream.id, offset, length);
    }
    if (stream.becameWritable()) this.parts.events.push({ type: 'stream-writable', stream: stream.id });
    return false;
  }
}
