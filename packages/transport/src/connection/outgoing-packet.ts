import { AEAD_TAG_BYTES, writeProtectedHeader } from '@jetstream/protocol';

/** The packet under construction; one object serves all. */
export class OutgoingPacket {
  buffer: Uint8Array = new Uint8Array(0);
  /** Where it begins in `buffer`, and where its frames do. */
  start = 0;
  framesAt = 0;
  /** Where the next frame goes. */
  at = 0;
  /** Frames end here at the latest. */
  end = 0;
  /** It holds a frame that asks for an acknowledgement (FR-4). */
  ackEliciting = false;
  /** It holds bulk data that was sent before. */
  resendsBulk = false;

  /**
   * @param start where it begins in `buffer`
   * @param datagramBytes size that header, frames and tag may have together
   */
  begin(
    buffer: Uint8Array,
    start: number,
    datagramBytes: number,
    destinationConnectionId: Uint8Array,
    packetNumber: number,
  ): void {
    if (this.buffer !== buffer) this.buffer = buffer;
    // The key phase bit is written when the packet is sealed.
    this.start = start;
    this.at = writeProtectedHeader(buffer, start, 0, destinationConnectionId, packetNumber);
    this.framesAt = this.at;
    this.end = Math.min(start + datagramBytes, buffer.length) - AEAD_TAG_BYTES;
    this.ackEliciting = false;
    this.resendsBulk = false;
  }

  get room(): number {
    return this.end - this.at;
  }

  get isEmpty(): boolean {
    return this.at === this.framesAt;
  }
}
