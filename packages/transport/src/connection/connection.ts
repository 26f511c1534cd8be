import { checkRatePolicy, type RatePolicy } from '@jetstream/congestion';
import type { ErrorCode } from '@jetstream/protocol';
import { Ecn, isHandshakePacket, JetStreamError } from '@jetstream/protocol';
import type { ConnectionEvent, ConnectionStats, Limiter, PathAddress, Transmission } from '../contract.ts';
import type { ConnectionSetup, HandshakeResult, ManagedConnection } from '../handshake-driver.ts';
import { fillConnectionStats, newConnectionStats } from './connection-stats.ts';
import { EstablishedSession } from './established-session.ts';
import { EventQueue } from './event-queue.ts';
import type { TransferState } from './transfer-state.ts';

/**
 * A connection: first its handshake driver, then an `EstablishedSession`. Calls for a transfer that is closed, or on a
 * connection that has ended, do nothing: the application may not know yet.
 */
export class TransportConnection implements ManagedConnection {
  private readonly setup: ConnectionSetup;
  private readonly events = new EventQueue();
  private readonly transmission: Transmission;
  private readonly statistics: ConnectionStats = newConnectionStats();
  /** From the end of the handshake on. Read from outside by tests alone. */
  session: EstablishedSession | undefined;
  /** The handshake ended without a session. */
  private failed = false;
  private handshakeConfirmed = false;
  private ratePolicy: RatePolicy;
  private rateCap: number = Number.POSITIVE_INFINITY;
  /** Clock of the last call that told the time. */
  private nowUs: number;

  constructor(setup: ConnectionSetup) {
    this.setup = setup;
    this.nowUs = setup.nowUs;
    this.ratePolicy = setup.settings.ratePolicy;
    this.transmission = { bytes: 0, address: setup.path };
    this.takeHandshakeResults();
  }

  get remoteAddress(): PathAddress {
    return this.session?.parts.validation.active ?? this.setup.path;
  }

  receive(
    nowUs: number,
    bytes: Uint8Array,
    from: PathAddress,
    ecn: number = Ecn.NotCapable,
    start = 0,
    end: number = bytes.length,
    waitedUs = 0,
  ): void {
    this.nowUs = nowUs;
    const { session } = this;
    if (this.isDrained) return;
    if (isHandshakePacket(bytes, start, end)) {
      this.setup.driver.receive(nowUs, bytes.subarray(start, end), from);
      this.takeHandshakeResults();
    } else if (session?.receive(nowUs, bytes, start, end, from, ecn, waitedUs) && !this.handshakeConfirmed) {
      this.handshakeConfirmed = true;
      this.setup.driver.onPacketOpened();
    }
  }

  transmit(nowUs: number, out: Uint8Array, at = 0): Transmission {
    this.nowUs = nowUs;
    const { transmission, session } = this;
    transmission.bytes = 0;
    if (this.isDrained) return transmission;
    if (session === undefined || (!this.handshakeConfirmed && session.closing.isOpen)) {
      this.setup.driver.transmit(nowUs, out.subarray(at), transmission);
      this.takeHandshakeResults();
    }
    if (transmission.bytes === 0) this.session?.transmit(nowUs, out, at, transmission);
    return transmission;
  }

  nextWakeUs(): number {
    if (this.isDrained) return Number.POSITIVE_INFINITY;
    const { session } = this;
    if (session === undefined) return this.setup.driver.nextWakeUs();
    const wakeUs = session.wakeUs(this.nowUs);
    if (this.handshakeConfirmed || !session.closing.isOpen) return wakeUs;
    return Math.min(this.setup.driver.nextWakeUs(), wakeUs);
  }

  pollEvent(): ConnectionEvent | undefined {
    return this.events.poll();
  }

  get hasEvents(): boolean {
    return !this.events.isEmpty;
  }

  get isLoggedIn(): boolean {
    return this.session?.parts.transfers.areLimitsRaised === true;
  }

  get isDrained(): boolean {
    return this.failed || this.session?.closing.isDrained === true;
  }

  acceptPeer(nowUs: number): void {
    this.nowUs = nowUs;
    if (this.session !== undefined || this.failed) return;
    this.setup.driver.acceptPeer(nowUs);
    this.takeHandshakeResults();
    this.notifyHost();
  }

  writeStream(stream: number, bytes: Uint8Array): boolean {
    const session = this.demandSession();
    const transfer = this.openTransfer(session, stream);
    if (transfer === undefined) return true;
    const hasRoom = transfer.sendStream.write(bytes);
    session.parts.work.streams = true;
    this.notifyHost();
    return hasRoom;
  }

  consumeStream(stream: number, byteCount: number): void {
    const session = this.demandSession();
    session.parts.transfers.find(stream)?.receiveStream.consume(byteCount);
    session.parts.work.credits = true;
    this.notifyHost();
  }

  openBulkSender(transfer: number): void {
    const session = this.demandSession();
    this.openTransfer(session, demandTransfer(transfer))?.openBulkSender(this.setup.settings);
    session.askForBlocks();
    this.notifyHost();
  }

  offerBlock(transfer: number, block: number, bytes: Uint8Array): boolean {
    const session = this.demandSession();
    if (!session.closing.isOpen) return false;
    const sender = session.parts.transfers.find(transfer)?.bulkSender;
    if (sender === undefined) return false;
    const wantsMore = sender.offer(block, bytes);
    session.parts.work.bulk = true;
    this.notifyHost();
    return wantsMore;
  }

  transferLimiter(transfer: number): Limiter {
    return this.session?.parts.transfers.find(transfer)?.bulkSender?.meter.latest ?? 'none';
  }

  openBulkReceiver(transfer: number, maxBlocks: number): void {
    const session = this.demandSession();
    const { settings } = this.setup;
    const state = this.openTransfer(session, demandTransfer(transfer));
    state?.ensureBulkReceiver(settings).credit.open(Math.min(maxBlocks, settings.maxReceiveBlocks));
    session.parts.work.credits = true;
    this.notifyHost();
  }

  expectBlock(transfer: number, block: number, byteLength: number): void {
    const session = this.demandSession();
    if (!session.closing.isOpen) return;
    const state = session.parts.transfers.find(transfer);
    if (state === undefined) return;
    const receiver = state.ensureBulkReceiver(this.setup.settings);
    try {
      if (!receiver.expect(block, byteLength)) return;
      const bytes = receiver.bytesOf(block);
      this.events.push({ type: 'block-received', transfer, block, bytes });
    } catch (error) {
      if (!(error instanceof JetStreamError) || error.code !== 'protocol-violation') throw error;
      session.close(this.nowUs, error.code, error.message);
    }
    this.notifyHost();
  }

  releaseBlock(transfer: number, block: number, again: boolean): void {
    const session = this.demandSession();
    const { transfers, work } = session.parts;
    transfers.findBulkReceiver(transfer)?.release(block, again);
    transfers.onBlockReleased(transfer);
    work.credits = true;
    this.notifyHost();
  }

  requestBlock(transfer: number, block: number): void {
    this.demandSession().parts.transfers.findBulkReceiver(transfer)?.request(block);
  }

  closeTransfer(transfer: number): void {
    const { transfers } = this.demandSession().parts;
    demandTransfer(transfer);
    const receiver = transfers.find(transfer)?.bulkReceiver;
    this.events.discardTransfer(transfer, (block) => receiver?.release(block, false));
    transfers.close(transfer);
    this.notifyHost();
  }

  setRatePolicy(nowUs: number, policy: RatePolicy): void {
    checkRatePolicy(policy);
    this.nowUs = nowUs;
    this.ratePolicy = { ...policy };
    this.session?.parts.recovery.setRatePolicy(nowUs, policy);
    this.notifyHost();
  }

  setRateCap(nowUs: number, bytesPerSecond: number): void {
    this.nowUs = nowUs;
    this.rateCap = bytesPerSecond;
    this.session?.parts.recovery.setRateCap(bytesPerSecond);
    this.notifyHost();
  }

  raiseLimits(): void {
    this.demandSession().raiseLimits();
    this.notifyHost();
  }

  ping(nowUs: number): void {
    this.nowUs = nowUs;
    this.session?.parts.recovery.probeTimeout.askNow();
    this.notifyHost();
  }

  stats(): Readonly<ConnectionStats> {
    if (this.session !== undefined) fillConnectionStats(this.statistics, this.session);
    return this.statistics;
  }

  close(nowUs: number, code: ErrorCode, reason: string): void {
    this.nowUs = nowUs;
    if (this.session === undefined) this.endHandshake(code, reason);
    else this.session.close(nowUs, code, reason);
    this.notifyHost();
  }

  private takeHandshakeResults(): void {
    for (;;) {
      const result = this.setup.driver.pollResult();
      if (result === undefined || this.failed) return;
      this.onHandshakeResult(result);
    }
  }

  private onHandshakeResult(result: HandshakeResult): void {
    switch (result.type) {
      case 'peer-key':
        this.events.push({ type: 'peer-key', publicKey: result.publicKey });
        break;
      case 'failed':
        this.endHandshake(result.code, result.reason);
        break;
      case 'complete':
        this.session = new EstablishedSession(this.nowUs, this.setup, result, this.events);
        this.session.parts.recovery.setRatePolicy(this.nowUs, this.ratePolicy);
        this.session.parts.recovery.setRateCap(this.rateCap);
        this.events.push({
          type: 'established',
          handshakeHash: result.handshakeHash,
          peerStaticKey: result.peerStaticKey,
          peerSoftware: result.peerParameters.software,
        });
        break;
    }
  }

  private endHandshake(code: ErrorCode, reason: string): void {
    if (this.failed) return;
    this.failed = true;
    this.events.push({ type: 'closed', code, reason, byPeer: false });
  }

  private openTransfer(session: EstablishedSession, id: number): TransferState | undefined {
    return session.closing.isOpen ? session.parts.transfers.openByApplication(id) : undefined;
  }

  private demandSession(): EstablishedSession {
    if (this.session === undefined)
      throw new JetStreamError('invalid-argument', 'the connection is not established');
    return this.session;
  }

  private notifyHost(): void {
    this.setup.host.onActivity(this);
  }
}

function demandTransfer(id: number): number {
  if (id === 0) throw new JetStreamError('invalid-argument', 'there is no transfer 0');
  return id;
}
