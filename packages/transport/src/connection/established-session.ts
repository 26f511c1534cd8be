import type { ErrorCode } from '@jetstream/protocol';
import { AEAD_TAG_BYTES, BLOCK_BYTES, JetStreamError, PROTECTED_HEADER_BYTES } from '@jetstream/protocol';
import type { PathAddress, Transmission } from '../contract.ts';
import type { ConnectionSetup, EstablishedKeys } from '../handshake-driver.ts';
import { ConnectionBudget } from './bulk/block-budget.ts';
import { Closing } from './closing.ts';
import { DeliveryRouter } from './delivery-router.ts';
import type { EventQueue } from './event-queue.ts';
import { IdleTimeout } from './idle-timeout.ts';
import { PacketBuilder } from './packet-builder.ts';
import { PacketCounters } from './packet-counters.ts';
import { PacketProcessor, type SessionControl } from './packet-processor.ts';
import { PathResponder } from './path/path-responder.ts';
import { PathValidation } from './path/path-validation.ts';
import { PendingWork } from './pending-work.ts';
import { ReceivedPackets } from './received-packets.ts';
import { Recovery } from './recovery.ts';
import { SendLimiter } from './send-limiter.ts';
import type { SessionParts } from './session-parts.ts';
import { TransferTable } from './transfer-table.ts';

/** Congestion windows whose worth of blocks is under way; fewer leave the path idle at a loss of a few percent. */
const WINDOWS_OFFERED = 4;
/** Time of sending that unsent content lasts, besides two blocks: what is read much earlier has left the processor's cache when its turn comes. */
const AHEAD_US = 10_000;
const SMALLEST_PACKET_BYTES = PROTECTED_HEADER_BYTES + AEAD_TAG_BYTES;

/** A connection from the moment it has its keys to its end: packets in, packets out, timers. */
export class EstablishedSession implements SessionControl {
  readonly parts: SessionParts;
  readonly closing = new Closing();
  readonly router: DeliveryRouter;
  private readonly builder: PacketBuilder;
  private readonly processor: PacketProcessor;
  private readonly idle: IdleTimeout;
  private loginDeadlineUs: number;
  /** Clock at which nothing was lost yet, nothing having come in since: packets that share a reading of it need no other look. */
  private timersRunUs = Number.NaN;
  private keysDisposed = false;

  constructor(nowUs: number, setup: ConnectionSetup, keys: EstablishedKeys, events: EventQueue) {
    const { role, settings, path } = setup;
    const { peerParameters } = keys;
    const transfers = new TransferTable(role, peerParameters, new ConnectionBudget(setup.budget));
    const received = new ReceivedPackets();
    const responder = new PathResponder();
    const work = new PendingWork();
    this.router = new DeliveryRouter(transfers, received, responder, work, events);
    const recovery = new Recovery({
      congestion: settings.congestion,
      ratePolicy: settings.ratePolicy,
      maxDatagramBytes: Math.min(
        settings.maxDatagramBytes,
        settings.maxDatagramBytesTo(path.address),
        peerParameters.maxDatagramBytes,
      ),
      handshakeRttUs: keys.rttUs,
      rememberedPath: settings.pathMemory.recall(path),
      marksEcn: settings.marksEcn,
      random: () => randomFraction(settings.randomBytes),
      contents: this.router,
    });
    this.router.ackFrequency = recovery.ackFrequency;
    this.parts = {
      role,
      settings,
      keys,
      recovery,
      received,
      transfers,
      validation: new PathValidation(path, settings.randomBytes),
      responder,
      work,
      counters: new PacketCounters(),
      limiter: new SendLimiter(recovery, transfers),
      events,
    };
    this.builder = new PacketBuilder(this.parts);
    this.processor = new PacketProcessor(this.parts, this);
    this.idle = new IdleTimeout(nowUs, peerParameters.idleTimeoutMs);
    this.loginDeadlineUs = setup.loginDeadlineUs;
    // The server's first packet proves to the client that its Finish arrived.
    work.ping = role === 'server';
  }

  /** A protected packet, `bytes[start, end)`. @returns true when it opened */
  receive(
    nowUs: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    from: PathAddress,
    ecn: number,
    waitedUs: number,
  ): boolean {
    const { closing } = this;
    const byteLength = end - start;
    this.timersRunUs = Number.NaN;
    if (closing.isDrained || byteLength < SMALLEST_PACKET_BYTES) return false;
    const { role, keys, validation, counters } = this.parts;
    // MG-2: only the client's address may change.
    if (role === 'client' && !validation.isActive(from)) return false;
    const largestBefore = keys.protection.largestReceived;
    const number = this.processor.open(nowUs, bytes, start, end);
    if (number < 0) {
      if (keys.protection.forgeryLimitReached && closing.isOpen) {
        this.close(nowUs, 'protocol-violation', 'too many forged packets');
      }
      return false;
    }
    counters.packetsReceived += 1;
    counters.bytesReceived += byteLength;
    if (!closing.isOpen) {
      closing.onLatePacket();
      return true;
    }
    this.idle.onPacketOpened(nowUs);
    if (role === 'server') validation.onPacket(nowUs, from, byteLength, number > largestBefore);
    this.process(nowUs, number, bytes, start, from, ecn, waitedUs);
    return true;
  }

  /** Writes the next datagram due to `out[at…]`, or leaves `transmission.bytes` at 0. */
  transmit(nowUs: number, out: Uint8Array, at: number, transmission: Transmission): void {
    if (this.timersRunUs !== nowUs && this.closing.isOpen) this.runTimers(nowUs);
    try {
      if (this.closing.isOpen) this.builder.build(nowUs, out, at, transmission);
    } catch (error) {
      this.fail(nowUs, error);
    }
    if (this.parts.work.blocks) this.askForBlocks();
    if (!this.closing.isOpen) this.transmitClosing(nowUs, out, at, transmission);
  }

  /** When `transmit` must be called next, as far as is known at `nowUs`. */
  wakeUs(nowUs: number): number {
    const { closing, idle } = this;
    if (!closing.isOpen) return closing.wakeUs;
    let wake = Math.min(idle.deadlineUs, this.loginDeadlineUs, this.parts.recovery.timeoutUs);
    if (this.keepsAlive) wake = Math.min(wake, idle.keepAliveUs);
    return Math.min(wake, this.builder.wakeUs(nowUs));
  }

  /** LG-1 no longer holds: the login succeeded. */
  raiseLimits(): void {
    this.loginDeadlineUs = Number.POSITIVE_INFINITY;
    this.parts.transfers.raiseLimits();
    this.parts.work.credits = true;
  }

  /** Ends the connection from this side. Does nothing when it has ended. */
  close(nowUs: number, code: ErrorCode, reason: string): void {
    if (!this.closing.isOpen) return;
    this.closing.startClosing(nowUs, this.parts.recovery.probeTimeoutUs, code, reason);
    this.end(code, reason, false);
  }

  onPeerClose(nowUs: number, code: ErrorCode, reason: string): void {
    if (!this.closing.isOpen) return;
    this.closing.startDraining(nowUs, this.parts.recovery.probeTimeoutUs);
    this.end(code, reason, true);
  }

  onPathChanged(nowUs: number, left: PathAddress): void {
    const { validation, recovery, events } = this.parts;
    recovery.onMigration(nowUs, left.address === validation.active.address);
    events.push({ type: 'path-changed', address: validation.active });
  }

  onProgress(): void {
    this.askForBlocks();
  }

  /**
   * Asks the application for blocks where a sender has less unsent than two blocks and `AHEAD_US`, unless it holds two blocks and
   * `WINDOWS_OFFERED` windows already; a block lives until the last of its lost packets arrived.
   */
  askForBlocks(): void {
    const { transfers, recovery, events, work } = this.parts;
    work.blocks = false;
    let senders = 0;
    for (const { bulkSender } of transfers.list) if (bulkSender !== undefined) senders += 1;
    if (senders === 0) return;
    const { windowBytes, pacingRate } = recovery.controller;
    const targetBytes = (WINDOWS_OFFERED * windowBytes) / senders + 2 * BLOCK_BYTES;
    const aheadBytes = (AHEAD_US * pacingRate) / 1e6 / senders + 2 * BLOCK_BYTES;
    for (const { id, bulkSender } of transfers.list) {
      if (bulkSender === undefined) continue;
      bulkSender.targetBytes = targetBytes;
      bulkSender.aheadBytes = aheadBytes;
      if (bulkSender.becameWanting()) events.push({ type: 'block-wanted', transfer: id });
    }
  }

  private process(
    nowUs: number,
    number: number,
    bytes: Uint8Array,
    start: number,
    from: PathAddress,
    ecn: number,
    waitedUs: number,
  ): void {
    try {
      this.processor.process(nowUs, number, bytes, start, from, ecn, waitedUs);
    } catch (error) {
      this.fail(nowUs, error);
    }
  }

  private runTimers(nowUs: number): void {
    const { recovery, work } = this.parts;
    if (nowUs >= this.idle.deadlineUs) {
      this.closing.drainNow();
      this.end('connection-lost', 'nothing was heard of the peer', false);
      return;
    }
    if (nowUs >= this.loginDeadlineUs) {
      this.close(nowUs, 'login-timeout', 'login did not finish in time');
      return;
    }
    if (nowUs >= recovery.timeoutUs) recovery.onTimeout(nowUs);
    else this.timersRunUs = nowUs;
    if (this.keepsAlive && nowUs >= this.idle.keepAliveUs) {
      this.idle.onKeepAlive(nowUs);
      work.ping = true;
    }
  }

  /** A client that means to stay: with a transfer open, or logged in and between two of them. */
  private get keepsAlive(): boolean {
    const { role, transfers } = this.parts;
    return role === 'client' && (transfers.openCount > 0 || transfers.areLimitsRaised);
  }

  private transmitClosing(nowUs: number, out: Uint8Array, at: number, transmission: Transmission): void {
    const { closing } = this;
    closing.onTime(nowUs);
    if (closing.isCloseDue) {
      closing.onCloseSent();
      try {
        this.builder.buildClose(nowUs, out, at, transmission, closing);
      } catch (error) {
        // No key is left to say it under.
        if (!(error instanceof JetStreamError)) throw error;
        closing.drainNow();
      }
    }
    if (closing.isDrained) this.disposeKeys();
  }

  /** A fault while handling packets ends this connection and no other. What is no JetStreamError is a fault of ours: the peer hears no details. */
  private fail(nowUs: number, error: unknown): void {
    if (error instanceof JetStreamError) {
      this.close(nowUs, error.code, error.message);
    } else if (this.closing.isOpen) {
      this.closing.startClosing(nowUs, this.parts.recovery.probeTimeoutUs, 'internal', 'internal error');
      this.end('internal', String(error), false);
    }
  }

  private end(code: ErrorCode, reason: string, byPeer: boolean): void {
    const { transfers, recovery, settings, validation, events } = this.parts;
    const seen = recovery.controller.describePath();
    if (seen !== undefined) settings.pathMemory.remember(validation.active, seen);
    transfers.closeAll();
    events.push({ type: 'closed', code, reason, byPeer });
    if (this.closing.isDrained) this.disposeKeys();
  }

  private disposeKeys(): void {
    if (this.keysDisposed) return;
    this.keysDisposed = true;
    this.parts.keys.protection.dispose();
  }
}

function randomFraction(randomBytes: (length: number) => Uint8Array): number {
  const bytes = randomBytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}
