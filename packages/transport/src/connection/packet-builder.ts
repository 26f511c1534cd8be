import {
  AckFrame,
  writeAck,
  writeClose,
  writePadding,
  writePathChallenge,
  writePing,
} from '@jetstream/protocol';
import type { PathAddress, Transmission } from '../contract.ts';
import type { Closing } from './closing.ts';
import { BulkFrames } from './frames/bulk-frames.ts';
import { ControlFrames } from './frames/control-frames.ts';
import { StreamFrames } from './frames/stream-frames.ts';
import { OutgoingPacket } from './outgoing-packet.ts';
import { ContentKind } from './sent-content.ts';
import type { SessionParts } from './session-parts.ts';
import { TailRepeats } from './tail-repeats.ts';

const MAX_CLOSE_REASON_BYTES = 256;
const CLOSE_FRAME_BYTES = 16 + MAX_CLOSE_REASON_BYTES;

/**
 * Fills the next datagram: ACK if due, control frames, streams, bulk data. What asks for an acknowledgement keeps to the
 * congestion window, and streams and bulk data to the pacer; probes of the probe timeout are exempt from both. So is the
 * answer to a path challenge: while the peer sends its ACKs to an address left behind, the window does not open (MG-1).
 */
export class PacketBuilder {
  private readonly parts: SessionParts;
  private readonly control: ControlFrames;
  private readonly streams: StreamFrames;
  private readonly bulk: BulkFrames;
  private readonly packet = new OutgoingPacket();
  private readonly ack = new AckFrame();
  private readonly tail = new TailRepeats();
  /** The packet under way is itself a repeat: once is enough. */
  private isRepeating = false;

  constructor(parts: SessionParts) {
    this.parts = parts;
    this.control = new ControlFrames(parts);
    this.streams = new StreamFrames(parts);
    this.bulk = new BulkFrames(parts);
  }

  /** Writes the next datagram due to `out[at…]`, or leaves `transmission.bytes` at 0. */
  build(nowUs: number, out: Uint8Array, at: number, transmission: Transmission): void {
    if (this.buildChallenge(nowUs, out, at, transmission)) return;
    if (this.buildMtuProbe(nowUs, out, at, transmission)) return;
    if (this.buildFrames(nowUs, out, at, transmission)) return;
    if (!this.buildTailRepeat(nowUs, out, at, transmission)) this.onNothingToSend(nowUs);
  }

  /** When `build` has something to send at the earliest, as far as is known now; Infinity for never. */
  wakeUs(nowUs: number): number {
    const { recovery, received, validation, work, limiter } = this.parts;
    if (recovery.probeTimeout.probesDue > 0 || this.parts.responder.isDue) return nowUs;
    const wake = Math.min(received.ackDueUs, validation.wakeUs, limiter.wakeUs);
    if (!recovery.hasWindow) return wake;
    if (this.control.isDue) return nowUs;
    const contentUs = work.streams || work.bulk ? nowUs : Math.min(this.mtuProbeUs, this.tail.wakeUs);
    if (contentUs === Number.POSITIVE_INFINITY) return wake;
    return Math.min(wake, Math.max(contentUs, recovery.pacer.nextSendUs(nowUs)));
  }

  /** CLOSE, behind what streams have to say and is not sent yet. */
  buildClose(nowUs: number, out: Uint8Array, at: number, transmission: Transmission, closing: Closing): void {
    this.begin(out, at, this.parts.recovery.datagramBytes);
    const { packet } = this;
    packet.end -= CLOSE_FRAME_BYTES;
    this.streams.write(packet);
    packet.end += CLOSE_FRAME_BYTES;
    const end = Math.min(packet.end, packet.at + CLOSE_FRAME_BYTES);
    packet.at = writeClose(out, packet.at, end, closing.code, closing.reason);
    // Nothing of it is sent again: no loss detection any more.
    packet.ackEliciting = false;
    this.finish(
      nowUs,
      transmission,
      this.parts.validation.active,
      this.parts.recovery.sent.content.end,
      false,
    );
  }

  /** @returns true when there was something to send */
  private buildFrames(nowUs: number, out: Uint8Array, at: number, transmission: Transmission): boolean {
    const { recovery, received, work, counters } = this.parts;
    const { hasWindow } = recovery;
    const isProbe = recovery.probeTimeout.probesDue > 0;
    const mayFill = isProbe || (hasWindow && recovery.pacer.canSend(nowUs));
    const controlDue = (hasWindow || isProbe || this.parts.responder.isDue) && this.control.isDue;
    const contentDue = mayFill && (work.streams || work.bulk);
    const ackDue = received.ackDueUs <= nowUs;
    if (!ackDue && !controlDue && !contentDue && !isProbe) return false;

    const { packet } = this;
    const contentStart = recovery.sent.content.end;
    this.begin(out, at, recovery.nextDatagramBytes);
    // An ACK that is not due yet only joins packets that are small anyway.
    const withAck = ackDue || (received.isAckOwed && (controlDue || work.streams || isProbe));
    if (withAck) this.writeAck(nowUs);
    if (controlDue) this.control.write(nowUs, packet);
    if (contentDue) {
      if (!isProbe) this.parts.limiter.onContentDue(nowUs);
      if (work.streams) this.streams.write(packet);
      if (work.bulk) this.bulk.write(packet);
    }
    if (!packet.ackEliciting && (isProbe || this.wantsAckOfAck(nowUs))) this.writePing();
    if (packet.isEmpty) return false;
    const number = recovery.sent.nextNumber;
    this.finish(nowUs, transmission, this.parts.validation.active, contentStart, false);
    if (packet.resendsBulk && !work.bulk && !isProbe && !this.isRepeating) {
      this.tail.onResent(nowUs, number, transmission.bytes, recovery.rtt.smoothedUs, counters.bulkBytesSent);
    }
    if (withAck) received.onAckSent();
    return true;
  }

  /** What was sent again while nothing new was left goes a second time. */
  private buildTailRepeat(nowUs: number, out: Uint8Array, at: number, transmission: Transmission): boolean {
    const { recovery, work } = this.parts;
    if (work.streams || work.bulk || !recovery.hasWindow || !recovery.pacer.canSend(nowUs)) return false;
    let number = this.tail.takeDue(nowUs);
    while (number >= 0 && !recovery.loss.requeue(number)) number = this.tail.takeDue(nowUs);
    if (number < 0) return false;
    this.isRepeating = true;
    const built = this.buildFrames(nowUs, out, at, transmission);
    this.isRepeating = false;
    return built;
  }

  private writeAck(nowUs: number): void {
    const { packet, ack } = this;
    this.parts.received.describe(nowUs, ack);
    packet.at = writeAck(packet.buffer, packet.at, packet.end, ack);
    this.parts.recovery.sent.content.add(ContentKind.Ack, 0, ack.largest[0]!, 0);
  }

  /** A side that only receives asks now and then that its ACKs be acknowledged, so that it can forget old ranges. */
  private wantsAckOfAck(nowUs: number): boolean {
    const { received, recovery } = this.parts;
    return received.hasManyRanges && nowUs - recovery.loss.lastElicitingSentUs > recovery.probeTimeoutUs;
  }

  private writePing(): void {
    this.packet.at = writePing(this.packet.buffer, this.packet.at);
    this.packet.ackEliciting = true;
  }

  /** PATH_CHALLENGE to an address that is not proved; its loss is the path validation's own affair. */
  private buildChallenge(nowUs: number, out: Uint8Array, at: number, transmission: Transmission): boolean {
    const { validation, recovery } = this.parts;
    const bytes = validation.challengeBytesDue(nowUs);
    if (bytes === 0) return false;
    const { packet } = this;
    this.begin(out, at, bytes);
    packet.at = writePathChallenge(out, packet.at, validation.challengeData);
    packet.at = writePadding(out, packet.at, packet.end);
    this.finish(nowUs, transmission, validation.challengeAddress, recovery.sent.content.end, false);
    validation.onChallengeSent(nowUs, transmission.bytes, recovery.probeTimeoutUs);
    return true;
  }

  /** Path MTU search begins when the path has answered once. */
  private get mtuProbeUs(): number {
    const { recovery } = this.parts;
    return recovery.rtt.hasSample
      ? recovery.mtu.probeUs(recovery.rate.deliveredBytes)
      : Number.POSITIVE_INFINITY;
  }

  private buildMtuProbe(nowUs: number, out: Uint8Array, at: number, transmission: Transmission): boolean {
    const { recovery } = this.parts;
    if (nowUs < this.mtuProbeUs || !recovery.hasWindow || !recovery.pacer.canSend(nowUs)) return false;
    const bytes = recovery.mtu.probeBytesDue(nowUs, recovery.rate.deliveredBytes);
    if (bytes === 0) return false;
    if (bytes > out.length - at) {
      // The caller's datagram path takes less than it was said to: as good as a path that does.
      recovery.mtu.onProbeSent(bytes);
      recovery.mtu.onProbeLost(bytes);
      return false;
    }
    const { packet } = this;
    this.begin(out, at, bytes);
    this.writePing();
    packet.at = writePadding(out, packet.at, packet.end);
    this.finish(nowUs, transmission, this.parts.validation.active, recovery.sent.content.end, true);
    return true;
  }

  private begin(out: Uint8Array, at: number, datagramBytes: number): void {
    const { keys, recovery } = this.parts;
    this.packet.begin(out, at, datagramBytes, keys.peerConnectionId, recovery.sent.nextNumber);
  }

  private finish(
    nowUs: number,
    transmission: Transmission,
    address: PathAddress,
    contentStart: number,
    isMtuProbe: boolean,
  ): void {
    const { keys, recovery, counters } = this.parts;
    const { packet } = this;
    const number = recovery.sent.nextNumber;
    const end = keys.protection.seal(number, packet.buffer, packet.start, packet.framesAt, packet.at);
    const bytes = end - packet.start;
    recovery.onPacketSent(nowUs, bytes, contentStart, packet.ackEliciting, isMtuProbe);
    counters.packetsSent += 1;
    counters.bytesSent += bytes;
    transmission.bytes = bytes;
    if (transmission.address !== address) transmission.address = address;
  }

  private onNothingToSend(nowUs: number): void {
    const { recovery, limiter, work } = this.parts;
    const { hasWindow, pacer } = recovery;
    const waitsForPacer = hasWindow && (work.streams || work.bulk) && !pacer.canSend(nowUs);
    pacer.waits(waitsForPacer);
    limiter.onNothingToSend(nowUs, waitsForPacer);
    if (hasWindow && (!waitsForPacer || pacer.capped)) recovery.onApplicationLimited(nowUs);
  }
}
